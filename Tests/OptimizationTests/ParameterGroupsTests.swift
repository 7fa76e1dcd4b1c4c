import Optimization
import Testing

@Suite struct ParameterGroupsTests {
  /// Tensors of 1, 2, 3 … floats, each with a gap of one before it.
  private static let groups = (0..<9).map { index in
    let start = index * (index + 3) / 2 + 1
    return ParameterGroup(range: start..<start + index + 1, weightDecay: Double(index))
  }

  @Test func findsWhatOverlapsAsALookAtEachWould() {
    let found = ParameterGroups(Self.groups)
    let end = Self.groups.last!.range.upperBound + 2
    for start in 0..<end {
      for stop in start + 1...end {
        let expected = Self.groups.filter { $0.range.overlaps(start..<stop) }
        #expect(Array(found[overlapping: start..<stop]) == expected, "\(start)..<\(stop)")
      }
    }
    #expect(found[overlapping: 3..<3].isEmpty)
  }
}
