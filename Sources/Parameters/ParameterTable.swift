/// How a parameter starts (He et al. 2022, Appendix A.1).
public enum Initializer: Sendable, Equatable {
  case zeros
  case ones
  /// Uniform within ±√(6 / (fanIn + fanOut)) (Glorot and Bengio 2010).
  case xavierUniform(fanIn: Int, fanOut: Int)
  case normal(deviation: Double)
}

/// One trained tensor.
public struct ParameterSpec: Sendable, Equatable {
  /// Its name in the authors' checkpoints, which is timm's name too for the encoder.
  public let name: String
  public let shape: [Int]
  public let initializer: Initializer
  /// The layer for layer-wise decay: 0 for the embedding, 1… for the encoder's blocks, depth + 1 after them.
  public internal(set) var layer = 0
  /// Whether weight decay applies: to weights and tokens, not to biases and norms.
  public let isDecayed: Bool
  /// Whether it has no gradient and the model itself keeps it up to date, such as a running mean.
  public internal(set) var isBuffer = false
  /// Where its floats lie in each of the arenas.
  public let range: Range<Int>
}

/// A run of parameters whose gradient backward finishes as one: a linear layer with its norm, an embedding.
public struct LayerGroup: Sendable, Equatable {
  public let name: String
  public let range: Range<Int>
  /// The floats of `range` that belong to no tensor.
  public let gaps: [Range<Int>]
}

/// All trained parameters of a model, in the order of the forward pass: the one place that knows what there is.
///
/// A table is put together from the parts of a model: each adds its tensors and groups behind those that are there, and
/// keeps their places. Offsets in the arenas (parameters, gradients, moments), initialisation, decay, checkpoints and the
/// order of the reduction come from here. Each tensor starts on a cache line; the floats between tensors stay zero.
public struct ParameterTable: Sendable {
  public private(set) var specs: [ParameterSpec] = []
  public private(set) var groups: [LayerGroup] = []
  /// Floats in an arena, the gaps included.
  public private(set) var arenaCount = 0
  private var groupStart = 0
  private let firstAddress: Int

  /// Trained values, without the gaps.
  public var parameterCount: Int { specs.reduce(0) { $0 + $1.range.count } }
  /// The floats of the largest group.
  public var largestGroupCount: Int { groups.map(\.range.count).max() ?? 0 }

  /// An empty table.
  ///
  /// - Parameter firstAddress: what is added to the places that `add` returns, so that they tell two tables' arenas apart.
  public init(firstAddress: Int = 0) {
    self.firstAddress = firstAddress
  }

  // MARK: Building

  /// Adds a tensor to the group that is open, and returns its place in the arenas: its range, from `firstAddress` on.
  public mutating func add(_ name: String, shape: [Int], initializer: Initializer, isDecayed: Bool) -> Range<Int> {
    let range = arenaCount..<arenaCount + shape.reduce(1, *)
    specs.append(
      ParameterSpec(name: name, shape: shape, initializer: initializer, isDecayed: isDecayed, range: range))
    arenaCount = (range.upperBound + 15) / 16 * 16
    return firstAddress + range.lowerBound..<firstAddress + range.upperBound
  }

  /// Adds a tensor that is no part of a group, behind all groups, and returns its place in the arenas. It is saved and compared
  /// between ranks with the parameters; nothing of it is in the gradient, and no optimiser changes it.
  public mutating func addBuffer(_ name: String, shape: [Int], initializer: Initializer) -> Range<Int> {
    precondition(groupStart == arenaCount || specs.last?.isBuffer == true, "a buffer before the end of a group")
    let place = add(name, shape: shape, initializer: initializer, isDecayed: false)
    specs[specs.count - 1].isBuffer = true
    return place
  }

  /// Closes the group of all tensors added since the last one, which are of `layer`, and returns its index.
  public mutating func endGroup(_ name: String, layer: Int) -> Int {
    let first = specs.firstIndex { $0.range.lowerBound >= groupStart } ?? specs.endIndex
    for index in first..<specs.endIndex { specs[index].layer = layer }
    let tensors = specs[first...].map(\.range)
    let nextStarts = tensors.dropFirst().map(\.lowerBound) + [arenaCount]
    let gaps = zip(tensors, nextStarts).map { $0.upperBound..<$1 }.filter { !$0.isEmpty }
    groups.append(LayerGroup(name: name, range: groupStart..<arenaCount, gaps: gaps))
    groupStart = arenaCount
    return groups.count - 1
  }
}
