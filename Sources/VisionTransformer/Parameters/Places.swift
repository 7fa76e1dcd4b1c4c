import Compute
import Parameters

/// A model's parameters as its layers read them: biases, norms and tokens in single precision, and the matrices of the
/// products as what the products take, at the same offsets.
public struct ModelWeights<Element: StoredElement>: Sendable {
  private let trained: Arena
  private let frozen: Arena

  private struct Arena {
    let floats: Vector
    let stored: VectorView<Element>
  }

  /// - Parameters:
  ///   - floats: the whole arena.
  ///   - stored: the same as what the products take; `floats` itself in single precision.
  ///   - frozen: the arena of what is not trained, where a model has one.
  public init(
    floats: Vector, stored: VectorView<Element>, frozen: (floats: Vector, stored: VectorView<Element>)? = nil
  ) {
    trained = Arena(floats: floats, stored: stored)
    self.frozen = frozen.map { Arena(floats: $0.floats, stored: $0.stored) } ?? trained
  }

  private func find(_ place: Range<Int>) -> (arena: Arena, range: Range<Int>) {
    let first = SplitTables.frozenAddress
    guard place.lowerBound >= first else { return (trained, place) }
    return (frozen, place.lowerBound - first..<place.upperBound - first)
  }

  public subscript(place: Range<Int>) -> Vector {
    let (arena, range) = find(place)
    return arena.floats[range]
  }

  public func bias(_ place: LinearPlace) -> Vector { self[place.bias] }

  public func matrix(_ place: LinearPlace) -> MatrixView<Element> {
    let (arena, range) = find(place.weight)
    return arena.stored[range].reshaped(rows: place.outputs, columns: place.inputs)
  }

  /// The matrix in single precision, whatever the products of other layers take.
  public func floatMatrix(_ place: LinearPlace) -> Matrix {
    self[place.weight].reshaped(rows: place.outputs, columns: place.inputs)
  }
}

/// Where a linear layer's tensors lie.
public struct LinearPlace: Sendable {
  public let outputs: Int
  public let inputs: Int
  public let weight: Range<Int>
  public let bias: Range<Int>

  @inlinable
  public func weight(in window: ArenaWindow) -> Matrix { window[weight].reshaped(rows: outputs, columns: inputs) }
  @inlinable
  public func bias(in window: ArenaWindow) -> Vector { window[bias] }
}

/// Where a layer norm's tensors lie.
public struct NormPlace: Sendable {
  public let weight: Range<Int>
  public let bias: Range<Int>
}

/// Where the tensors of a block's attention lie, and the groups of the table that they are in.
struct AttentionPlace: Sendable {
  let norm1: NormPlace
  let qkv: LinearPlace
  /// Of `norm1` and `qkv`.
  let qkvGroup: Int
  let projection: LinearPlace
  let projectionGroup: Int
}

/// Where the tensors of a block's MLP lie, and the groups of the table that they are in.
struct MLPPlace: Sendable {
  let norm2: NormPlace
  let expansion: LinearPlace
  /// Of `norm2` and `expansion`.
  let expansionGroup: Int
  let contraction: LinearPlace
  let contractionGroup: Int
}

/// Where a transformer block's tensors lie, and the groups of the table that they are in: one for each matrix, as backward
/// is done with them one by one.
public struct BlockPlace: Sendable {
  let attention: AttentionPlace
  let mlp: MLPPlace
  let trainsAttention: Bool
  let trainsMLP: Bool

  /// Of what is trained, in the order of the table.
  public var groups: [Int] {
    (trainsAttention ? [attention.qkvGroup, attention.projectionGroup] : [])
      + (trainsMLP ? [mlp.expansionGroup, mlp.contractionGroup] : [])
  }
}
