/// Floats of the arenas that an optimiser treats alike: a tensor, so that an optimiser may take norms of groups.
public struct ParameterGroup: Sendable, Equatable {
  public let range: Range<Int>
  /// The factor of weight decay; 0 for none.
  public let weightDecay: Double
  /// What the learning rate is multiplied by, for layers that learn more slowly.
  public let rateScale: Double
  /// Whether it is a tensor of two or more dimensions.
  public let isMatrix: Bool

  public init(range: Range<Int>, weightDecay: Double, rateScale: Double = 1, isMatrix: Bool = true) {
    precondition(weightDecay >= 0 && rateScale >= 0, "decay \(weightDecay) and rate \(rateScale) of a group")
    self.range = range
    self.weightDecay = weightDecay
    self.rateScale = rateScale
    self.isMatrix = isMatrix
  }
}

/// The groups of an arena, in order; floats between them are padding.
package struct ParameterGroups: Sendable {
  private let groups: [ParameterGroup]

  package init(_ groups: [ParameterGroup]) {
    precondition(
      zip(groups, groups.dropFirst()).allSatisfy { $0.range.upperBound <= $1.range.lowerBound },
      "groups overlap, or are not in order")
    self.groups = groups
  }

  /// The groups with floats in `range`, in order; found in log₂ of their number.
  package subscript(overlapping range: Range<Int>) -> ArraySlice<ParameterGroup> {
    let first = firstIndex { $0.range.upperBound > range.lowerBound }
    let end = firstIndex { $0.range.lowerBound >= range.upperBound }
    return groups[first..<max(first, end)]
  }

  /// The first group for which `isBehind` holds, where it holds for all after it.
  private func firstIndex(where isBehind: (ParameterGroup) -> Bool) -> Int {
    var (low, high) = (0, groups.count)
    while low < high {
      let middle = (low + high) / 2
      if isBehind(groups[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
