import Compute

/// Floats of one of the arenas, or of a buffer that holds a part of one: `start` is the arena's offset of its first.
///
/// The same places therefore find a parameter in the arena and its gradient in a buffer of one layer.
public struct ArenaWindow: Sendable {
  public let floats: Vector
  public let start: Int

  public init(_ floats: Vector, start: Int = 0) {
    self.floats = floats
    self.start = start
  }

  @inlinable
  public subscript(range: Range<Int>) -> Vector {
    floats[range.lowerBound - start..<range.upperBound - start]
  }
}
