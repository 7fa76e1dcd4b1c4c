import Compute

/// The Euclidean norm of a gradient arena, the same on any number of threads: the arena is cut into pieces of a fixed
/// size, each is summed in double precision, and the pieces are added from first to last.
///
/// It is finite exactly if every element is: squares of floats do not overflow a double.
public struct GradientNorm: ~Copyable, Sendable {
  private static let pieceCount = 1 << 16
  private let pieces: AlignedBuffer<Double>
  private let count: Int

  public init(count: Int) {
    self.count = count
    pieces = AlignedBuffer(count: (count + GradientNorm.pieceCount - 1) / GradientNorm.pieceCount, zero: 0)
  }

  /// Sums the pieces of one worker; all workers must have done theirs before `value`.
  public func sumPieces(of gradient: Vector, worker: Int, workers: Int) {
    precondition(gradient.count == count, "the arena has another size")
    for piece in stride(from: worker, to: pieces.count, by: workers) {
      let start = piece * GradientNorm.pieceCount
      pieces.base[piece] = sumOfSquares(gradient[start..<min(count, start + GradientNorm.pieceCount)])
    }
  }

  /// The norm of the gradient times `scale`.
  public func value(scale: Double) -> Double {
    var sum = 0.0
    for piece in 0..<pieces.count { sum += pieces.base[piece] }
    return sum.squareRoot() * scale
  }
}
