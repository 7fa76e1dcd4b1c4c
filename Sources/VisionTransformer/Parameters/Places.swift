import Compute
import Parameters

/// A model's parameters as its layers read them: biases, norms and tokens in single precision, and the matrices of the
/// products as what the products take, at the same offsets.
public struct ModelWeights<Element: StoredElement>: Sendable {
  public let floats: Vector
  public let stored: VectorView<Element>

  /// - Parameters:
  ///   - floats: the whole arena.
  ///   - stored: the same as what the products take; `floats` itself in single precision.
  @inlinable
  public init(floats: Vector, stored: VectorView<Element>) {
    self.floats = floats
    self.stored = stored
  }

  @inlinable
  public subscript(range: Range<Int>) -> Vector { floats[range] }

  @inlinable
  public func bias(_ place: LinearPlace) -> Vector { floats[place.bias] }

  @inlinable
  public func matrix(_ place: LinearPlace) -> MatrixView<Element> {
    stored[place.weight].reshaped(rows: place.outputs, columns: place.inputs)
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

/// Where a transformer block's tensors lie, and the groups of the table that they are in: one for each matrix, as backward
/// is done with them one by one.
public struct BlockPlace: Sendable {
  let norm1: NormPlace
  let qkv: LinearPlace
  /// Of `norm1` and `qkv`.
  let qkvGroup: Int
  let projection: LinearPlace
  let projectionGroup: Int
  let norm2: NormPlace
  let expansion: LinearPlace
  /// Of `norm2` and `expansion`.
  let expansionGroup: Int
  let contraction: LinearPlace
  let contractionGroup: Int

  /// In the order of the table.
  public var groups: [Int] { [qkvGroup, projectionGroup, expansionGroup, contractionGroup] }
}
