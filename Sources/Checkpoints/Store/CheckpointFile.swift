import Compute
import Files
import Safetensors

/// Consecutive floats of an arena, in the arena or in a copy.
struct ArenaSpan: Sendable {
  /// The place of the arena among those that are saved.
  let arena: Int
  /// Which floats of the arena they are.
  let range: Range<Int>
  let floats: Vector

  /// - Parameter floats: as many as `range` has.
  init(arena: Int, _ range: Range<Int>, floats: Vector) {
    precondition(range.count == floats.count, "\(floats.count) floats cannot be \(range) of an arena")
    self.arena = arena
    self.range = range
    self.floats = floats
  }

  /// For files whose sizes alone are wanted.
  init(nothingOf arena: Int) {
    self.init(arena: arena, 0..<0, floats: nothing.all)
  }

  /// The memory of some of them; what the span does not hold cannot be asked for.
  func bytes(of wanted: Range<Int>) -> UnsafeRawBufferPointer {
    precondition(
      range.lowerBound <= wanted.lowerBound && wanted.upperBound <= range.upperBound,
      "the floats \(wanted) of an arena were not copied, only \(range)")
    let start = wanted.lowerBound - range.lowerBound
    return UnsafeRawBufferPointer(start: floats.base + start, count: 4 * wanted.count)
  }
}

private let nothing = AlignedBuffer<Float>(repeating: 0, count: 0)

/// One file of a checkpoint that is to be saved, any part of which can be had by itself.
public struct CheckpointFile: Sendable {
  enum Segment: Sendable {
    case bytes([UInt8])
    case floats(Range<Int>, ArenaSpan)

    var byteCount: Int {
      switch self {
      case .bytes(let bytes): bytes.count
      case .floats(let range, _): 4 * range.count
      }
    }
  }

  public let name: String
  let byteCount: Int
  let segments: [Segment]

  /// - Parameters:
  ///   - name: a plain file name other than `manifest.json`.
  ///   - segments: what the file consists of, one after another. Floats are read when the file is written.
  init(name: String, segments: [Segment]) {
    precondition(isPlainFileName(name) && name != CheckpointManifest.fileName, "\(name) cannot be part of a checkpoint")
    self.name = name
    self.segments = segments
    byteCount = segments.reduce(0) { $0 + $1.byteCount }
  }

  public init(name: String, bytes: [UInt8]) {
    self.init(name: name, segments: [.bytes(bytes)])
  }

  /// Hands the bytes `range` of the file to `sink`, one segment after another. Floats begin and end at multiples of 4
  /// bytes.
  func emit(_ range: Range<Int>, to sink: ByteSink) throws(FileError) {
    var start = 0
    for segment in segments {
      let wanted = range.clamped(to: start..<start + segment.byteCount)
      if !wanted.isEmpty {
        let (first, end) = (wanted.lowerBound - start, wanted.upperBound - start)
        switch segment {
        case .bytes(let bytes): try Safetensors.emit(Array(bytes[first..<end]), to: sink)
        case .floats(let floats, let span):
          precondition(first % 4 == 0 && end % 4 == 0, "a piece of a file ends inside a float")
          try sink(span.bytes(of: floats.lowerBound + first / 4..<floats.lowerBound + end / 4))
        }
      }
      start += segment.byteCount
    }
  }

  /// The least range of an arena's floats that covers all that the bytes `range` of the file are made of; nil where they
  /// have nothing of it.
  func floats(ofArena arena: Int, in range: Range<Int>) -> Range<Int>? {
    var covering: Range<Int>?
    var start = 0
    for segment in segments {
      let wanted = range.clamped(to: start..<start + segment.byteCount)
      if case .floats(let floats, let span) = segment, span.arena == arena, !wanted.isEmpty {
        let first = floats.lowerBound + (wanted.lowerBound - start) / 4
        let end = floats.lowerBound + (wanted.upperBound - start + 3) / 4
        covering = min(covering?.lowerBound ?? first, first)..<max(covering?.upperBound ?? end, end)
      }
      start += segment.byteCount
    }
    return covering
  }
}
