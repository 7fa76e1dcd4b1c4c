import Compute

/// The Euclidean norm of a gradient arena, the same on any number of threads: the arena is cut into pieces of a fixed
/// size, each is summed in double precision, and the pieces are added from first to last. Ranks that have a part of the
/// gradient each tell each other the sums of their pieces, and come to the same norm.
///
/// It is finite exactly if every element is: squares of floats do not overflow a double.
public struct GradientNorm: ~Copyable, Sendable {
  /// Floats of a piece.
  public static let pieceCount = 1 << 16
  /// Of the squares of each piece.
  private let sums: AlignedBuffer<Double>
  private let count: Int

  public init(count: Int) {
    self.count = count
    sums = AlignedBuffer(repeating: 0, count: (count + GradientNorm.pieceCount - 1) / GradientNorm.pieceCount)
  }

  /// Sums one worker's pieces of those in `range`; all workers must have done theirs before `value`.
  ///
  /// - Parameter range: whole pieces.
  public func sumPieces(of gradient: Vector, in range: Range<Int>, worker: Int, workers: Int) {
    precondition(gradient.count == count, "the arena has another size")
    let pieces = pieces(in: range)
    for piece in stride(from: pieces.lowerBound + worker, to: pieces.upperBound, by: workers) {
      let start = piece * GradientNorm.pieceCount
      sums.base[piece] = sumOfSquares(gradient[start..<min(count, start + GradientNorm.pieceCount)])
    }
  }

  /// The number of pieces in some ranges of whole pieces.
  public func pieceCount(in ranges: [Range<Int>]) -> Int { ranges.reduce(0) { $0 + pieces(in: $1).count } }

  /// Writes the sums of the pieces in `ranges`, one after another, to the front of `message`, for the other ranks.
  public func writeSums(to message: VectorView<Double>, in ranges: [Range<Int>]) {
    var index = 0
    for range in ranges {
      for piece in pieces(in: range) {
        message[index] = sums.base[piece]
        index += 1
      }
    }
  }

  /// Takes over the sums that another rank wrote of the pieces in `ranges`.
  public func readSums(from message: VectorView<Double>, in ranges: [Range<Int>]) {
    var index = 0
    for range in ranges {
      for piece in pieces(in: range) {
        sums.base[piece] = message[index]
        index += 1
      }
    }
  }

  private func pieces(in range: Range<Int>) -> Range<Int> {
    guard !range.isEmpty else { return 0..<0 }
    let size = GradientNorm.pieceCount
    precondition(
      range.lowerBound.isMultiple(of: size) && (range.upperBound.isMultiple(of: size) || range.upperBound == count),
      "\(range) cuts a piece")
    return range.lowerBound / size..<(range.upperBound + size - 1) / size
  }

  /// The norm of the gradient times `scale`.
  public func value(scale: Double) -> Double {
    var sum = 0.0
    for piece in 0..<sums.count { sum += sums.base[piece] }
    return sum.squareRoot() * scale
  }
}
