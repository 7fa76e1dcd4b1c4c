import Compute

/// What turns gradients into updates, over the floats of flat arenas.
///
/// It keeps some numbers for every parameter, its moments; whoever calls holds them, for the floats that he updates.
public protocol Optimizer: Sendable {
  /// Of each moment, as checkpoints know it.
  static var momentNames: [String] { get }

  /// Looks at all of the arenas before a step's first `update`, for an optimiser that takes norms of tensors. One thread calls.
  func measure(parameters: Vector, gradient: Vector, gradientScale: Double)

  /// Updates the floats of the arenas that lie in `range`.
  ///
  /// - Parameters:
  ///   - moments: a row for each moment; its first column is the arenas' float `momentsBegin`, and it need not reach
  ///     further than `range`.
  ///   - step: the number of this update, 1 for the first.
  ///   - gradientScale: 1 / images of the step: the gradient is a sum over them.
  func update(
    parameters: Vector, moments: Matrix, momentsBegin: Int, gradient: Vector, in range: Range<Int>, step: Int,
    learningRate: Double, gradientScale: Double)
}

extension Optimizer {
  public func measure(parameters: Vector, gradient: Vector, gradientScale: Double) {}

  /// That of an optimiser whose type is not known.
  public var momentNames: [String] { Self.momentNames }
}
