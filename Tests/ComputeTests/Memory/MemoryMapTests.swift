import Compute
import Testing

@Suite struct MemoryMapTests {
  /// Whether two places are in the same memory and share a float.
  private static func meet(_ first: MemoryMap.Place, _ second: MemoryMap.Place) -> Bool {
    switch (first, second) {
    case (.lent(let first), .lent(let second)), (.own(let first), .own(let second)): first.overlaps(second)
    default: false
    }
  }

  private static func random(_ stream: inout RandomStream, _ range: Range<Int>) -> Int {
    range.lowerBound + Int(stream.integer(below: UInt32(range.count)))
  }

  @Test(arguments: 0..<200) func whatIsNeededAtOnceIsApart(_ seed: Int) {
    var stream = RandomStream(seed: UInt64(seed), purpose: .crop)
    let buffers = (0..<Self.random(&stream, 1..<20)).map { _ in
      let start = Self.random(&stream, 0..<30)
      return TimedBuffer(
        count: Self.random(&stream, 1..<200), instants: start...start + Self.random(&stream, 0..<20))
    }
    var (loans, lentCount): ([Loan], Int) = ([], 0)
    for _ in 0..<Self.random(&stream, 0..<8) {
      let count = 16 * Self.random(&stream, 1..<20)
      loans.append(Loan(lentCount..<lentCount + count, until: Self.random(&stream, 0..<50)))
      lentCount += count
    }
    let users = Self.random(&stream, 1..<4)
    let map = MemoryMap(buffers, users: users, loans: loans)

    let placed = map.places.enumerated().flatMap { user, places in
      zip(buffers, places).map { (user: user, buffer: $0, place: $1) }
    }
    for (index, one) in placed.enumerated() {
      switch one.place {
      case .own(let range):
        #expect(range.count >= one.buffer.count && range.upperBound <= map.ownCounts[one.user])
        #expect(range.lowerBound % 16 == 0)
      case .lent(let range):
        #expect(range.count >= one.buffer.count && range.upperBound <= lentCount && range.lowerBound % 16 == 0)
        for loan in loans where loan.range.overlaps(range) { #expect(one.buffer.instants.upperBound < loan.end) }
      }
      for other in placed[..<index] {
        // Own memory is another one for each user; lent memory is the same, and the users' instants are not.
        let mayMeet =
          if case .own = one.place { one.user != other.user } else { false }
        if one.user != other.user || one.buffer.instants.overlaps(other.buffer.instants) {
          #expect(mayMeet || !Self.meet(one.place, other.place), "\(one) and \(other)")
        }
      }
    }
  }

  @Test func buffersTakeTurns() {
    let map = MemoryMap([
      TimedBuffer(count: 32, instants: 0...1), TimedBuffer(count: 32, instants: 2...3),
      TimedBuffer(count: 16, instants: 0...3),
    ])
    #expect(map.places == [[.own(16..<48), .own(16..<48), .own(0..<16)]])
    #expect(map.ownCounts == [48])
  }

  @Test func lentMemoryIsLeftBeforeItIsTakenBack() {
    let loans = [Loan(0..<32, until: 9), Loan(32..<64, until: 4)]
    let map = MemoryMap(
      [
        TimedBuffer(count: 32, instants: 0...8), TimedBuffer(count: 32, instants: 0...3),
        TimedBuffer(count: 16, instants: 0...4), TimedBuffer(count: 16, instants: 4...9),
      ], loans: loans)
    #expect(map.places == [[.lent(0..<32), .lent(32..<64), .own(16..<32), .own(0..<16)]])
  }
}
