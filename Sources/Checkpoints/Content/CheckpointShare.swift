/// Which part of every checkpoint one of its writers writes: consecutive pieces of the files that hold arenas, as many as
/// each of the others or one more. Writers are counted from 0; 0 writes the small files too, and commits.
public struct CheckpointShare: Equatable, Sendable {
  public let writer: Int
  public let writers: Int

  public init(writer: Int, of writers: Int) {
    precondition((0..<writers).contains(writer), "no writer \(writer) of \(writers)")
    self.writer = writer
    self.writers = writers
  }

  /// That of a writer who is alone.
  public static let whole = CheckpointShare(writer: 0, of: 1)
}

/// What a writer writes of a model's checkpoints, and the floats that it needs for it.
struct CheckpointPart {
  /// Of the files that hold arenas.
  let pieces: [PieceRange]
  /// For each saved arena the floats that the pieces are made of; an empty range for none.
  let floats: [Range<Int>]

  init(_ share: CheckpointShare, of layout: CheckpointLayout, pieceByteCount: Int) {
    let files = layout.arenaFiles((0..<layout.savedArenaCount).map(ArenaSpan.init(nothingOf:)))
    let cuts = files.map { FilePieces(byteCount: $0.byteCount, pieceByteCount: pieceByteCount) }
    let total = cuts.reduce(0) { $0 + $1.count }
    let mine = total * share.writer / share.writers..<total * (share.writer + 1) / share.writers
    var pieces: [PieceRange] = []
    var first = 0
    for (file, cut) in cuts.enumerated() {
      let wanted = mine.clamped(to: first..<first + cut.count)
      pieces.append(PieceRange(file: file, pieces: wanted.lowerBound - first..<wanted.upperBound - first))
      first += cut.count
    }
    self.pieces = pieces.filter { !$0.pieces.isEmpty }
    floats = (0..<layout.savedArenaCount).map { arena in
      let ranges = pieces.compactMap { files[$0.file].floats(ofArena: arena, in: cuts[$0.file].bytes(of: $0.pieces)) }
      guard let start = ranges.map(\.lowerBound).min(), let end = ranges.map(\.upperBound).max() else { return 0..<0 }
      return start..<end
    }
  }
}
