/// Memory that is needed from one instant of its users' work to another, both included. Instants are numbered in their
/// order; they have no length.
public struct TimedBuffer: Sendable, Equatable {
  /// Floats.
  public let count: Int
  public let instants: ClosedRange<Int>

  public init(count: Int, instants: ClosedRange<Int>) {
    self.count = count
    self.instants = instants
  }
}

/// Floats of somebody else's memory that may be used until `end`, the instant at which the owner writes to them.
public struct Loan: Sendable, Equatable {
  public let range: Range<Int>
  public let end: Int

  public init(_ range: Range<Int>, until end: Int) {
    self.range = range
    self.end = end
  }
}

/// Where buffers lie whose lifetimes are known: two that are needed at the same instant share no float.
///
/// Several users need the same buffers, and are not at the same instant of their work at the same time: no float is ever
/// shared between two of them. What finds no place in the lent memory goes to the user's own.
///
/// The longest-lived buffers choose first, larger ones before smaller, each the lowest place that is free: the greedy
/// method of Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference" (2020), ordered by lifetime,
/// as lent memory is the scarcer the longer it is needed.
public struct MemoryMap: Sendable {
  public enum Place: Sendable, Equatable {
    /// Floats of the lent memory.
    case lent(Range<Int>)
    /// Floats of the user's own.
    case own(Range<Int>)
  }

  /// Of each user, the place of each buffer.
  public private(set) var places: [[Place]]
  /// The floats that each user needs of its own.
  public private(set) var ownCounts: [Int]

  /// - Parameter loans: ranges that start on cache lines, in ascending order and without a gap from 0.
  public init(_ buffers: [TimedBuffer], users: Int = 1, loans: [Loan] = []) {
    places = Array(repeating: Array(repeating: .own(0..<0), count: buffers.count), count: users)
    ownCounts = Array(repeating: 0, count: users)
    let order = buffers.indices.sorted { first, second in
      let (a, b) = (buffers[first], buffers[second])
      return (a.instants.count, a.count, second) > (b.instants.count, b.count, first)
    }
    let lentCount = loans.last?.range.upperBound ?? 0
    var placed: [PlacedBuffer] = []
    for buffer in order {
      let (count, instants) = (Self.wholeLines(buffers[buffer].count), buffers[buffer].instants)
      let takenBack = loans.filter { $0.end <= instants.upperBound }.map(\.range)
      for user in 0..<users {
        let others = placed.filter { $0.user != user || $0.instants.overlaps(instants) }
        let place: Place
        if let range = firstGap(of: count, in: lentCount, between: takenBack + others.compactMap(\.place.lent)) {
          place = .lent(range)
        } else {
          let mine = others.filter { $0.user == user }.compactMap(\.place.own)
          let range = firstGap(of: count, in: .max, between: mine)!
          place = .own(range)
          ownCounts[user] = max(ownCounts[user], range.upperBound)
        }
        places[user][buffer] = place
        placed.append(PlacedBuffer(user: user, instants: instants, place: place))
      }
    }
  }

  private struct PlacedBuffer {
    let user: Int
    let instants: ClosedRange<Int>
    let place: Place
  }

  /// The next multiple of the floats of a cache line.
  private static func wholeLines(_ count: Int) -> Int { (count + 15) / 16 * 16 }
}

extension MemoryMap.Place {
  fileprivate var lent: Range<Int>? {
    if case .lent(let range) = self { range } else { nil }
  }
  fileprivate var own: Range<Int>? {
    if case .own(let range) = self { range } else { nil }
  }
}

/// The lowest range of `count` in 0..<`end` that meets none of `taken`.
private func firstGap(of count: Int, in end: Int, between taken: [Range<Int>]) -> Range<Int>? {
  var start = 0
  for range in taken.sorted(by: { $0.lowerBound < $1.lowerBound }) {
    if start + count <= range.lowerBound { break }
    start = max(start, range.upperBound)
  }
  return count <= end - start ? start..<start + count : nil
}
