/// A file cut into pieces of equal length, the last one shorter. An empty file is one empty piece.
struct FilePieces: Equatable, Sendable {
  let byteCount: Int
  let pieceByteCount: Int

  var count: Int { max(1, (byteCount + pieceByteCount - 1) / pieceByteCount) }

  /// The bytes of some consecutive pieces.
  func bytes(of pieces: Range<Int>) -> Range<Int> {
    min(pieces.lowerBound * pieceByteCount, byteCount)..<min(pieces.upperBound * pieceByteCount, byteCount)
  }

  func bytes(of piece: Int) -> Range<Int> { bytes(of: piece..<piece + 1) }
}
