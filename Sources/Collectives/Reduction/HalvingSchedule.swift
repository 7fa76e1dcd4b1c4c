/// Who exchanges what in recursive halving (Rabenseifner, 2004): a pure function of the vector's length, the rank
/// and the number of ranks.
///
/// The largest power of two of ranks is the *core*. In step `s = 0, 1, …` a core rank meets the one at distance 2^s,
/// keeps one half of the range that it held, and gives the other half away. As partners meet at distance 1, 2, 4 …,
/// each element is summed over the balanced binary tree in rank order. Each rank beyond the core hands its vector
/// to a rank of the core first.
struct HalvingSchedule {
  let count: Int
  let rank: Int
  let coreSize: Int
  /// Halves are split at multiples of so many floats.
  let alignment: Int
  /// The rank beyond the core that this core rank stands for, or the core rank that stands for this one.
  let foldPartner: Int?

  init(count: Int, rank: Int, size: Int, alignment: Int) {
    self.count = count
    self.rank = rank
    self.alignment = alignment
    coreSize = 1 << (Int.bitWidth - 1 - size.leadingZeroBitCount)
    if rank >= coreSize {
      foldPartner = rank - coreSize
    } else {
      foldPartner = rank + coreSize < size ? rank + coreSize : nil
    }
  }

  var isInCore: Bool { rank < coreSize }

  var stepCount: Int { coreSize.trailingZeroBitCount }

  func partner(step: Int) -> Int { rank ^ 1 << step }

  /// What the rank still holds when `steps` steps are done.
  func held(afterSteps steps: Int) -> Range<Int> {
    var range = 0..<count
    for step in 0..<steps {
      let middle = middle(of: range)
      range = rank & 1 << step == 0 ? range.lowerBound..<middle : middle..<range.upperBound
    }
    return range
  }

  /// What it gives away in `step`: the other half.
  func given(step: Int) -> Range<Int> {
    let range = held(afterSteps: step)
    let middle = middle(of: range)
    return rank & 1 << step == 0 ? middle..<range.upperBound : range.lowerBound..<middle
  }

  /// What it owns in the end; nothing outside the core.
  var owned: Range<Int> { isInCore ? held(afterSteps: stepCount) : count..<count }

  private func middle(of range: Range<Int>) -> Int {
    let half = (range.count / 2 + alignment - 1) / alignment * alignment
    return min(range.lowerBound + half, range.upperBound)
  }
}
