/// What the console says about a step.
public struct ProgressSnapshot: Sendable {
  public var record: StepRecord
  public var totalSteps: Int
  public var totalEpochs: Double

  public init(_ record: StepRecord, totalSteps: Int, totalEpochs: Double) {
    (self.record, self.totalSteps, self.totalEpochs) = (record, totalSteps, totalEpochs)
  }

  private static let curveRank = 6
  private static let waitRank = 7

  /// Of the step's time, what passed in waiting for images.
  private var waitShare: Double? {
    guard let waited = record.dataSeconds, record.stepSeconds > 0 else { return nil }
    return min(1, waited / record.stepSeconds)
  }

  /// One line without a line feed:
  /// `step 1200/80000  epoch 12.00/800  loss 0.4312  lr 1.50e-04  grad 1.21  412 images/s  data 3%  2h03m left`; behind
  /// `data` is the share of the step that passed in waiting for images.
  ///
  /// - Parameters:
  ///   - secondsLeft: nil while it is not known.
  ///   - curve: recent losses, drawn behind the loss; empty for none.
  ///   - columns: the most characters. Where they do not do for everything, what matters more comes first: the step, the
  ///     time that is left, the loss, the task's metrics, the pace, the epoch, the curve, the wait for images, the
  ///     learning rate, the norm of the gradient.
  public func line(secondsLeft: Double?, curve: some Sequence<Double>, columns: Int = .max) -> String {
    let curve = Sparkline.text(curve)
    let quantities = StepQuantity.all.map { quantity in
      (rank: quantity.consoleRank, text: quantity.console.flatMap { quantity.place.value(in: record).map($0) })
    }
    // In the order in which they stand, each with its rank.
    let all: [(rank: Int, text: String?)] =
      [
        (0, "step \(record.step)/\(totalSteps)"),
        (5, "  epoch \(ProgressFormat.epochs(record.epoch))/\(ProgressFormat.epochs(totalEpochs, shortened: true))"),
        (2, "  loss \(ProgressFormat.loss(record.loss))"),
        (Self.curveRank, curve.isEmpty ? nil : " \(curve)"),
      ] + record.metrics.map { (3, "  \($0.text)") } + quantities.map { ($0.rank, $0.text.map { "  \($0)" }) }
      + [(Self.waitRank, waitShare.map { "  data \(Int(($0 * 100).rounded()))%" })]
      + [(1, record.step >= totalSteps ? "  done" : secondsLeft.map { "  \(ProgressFormat.duration($0)) left" })]
    let parts = all.compactMap { part in part.text.map { (rank: part.rank, text: $0) } }
    var shown: Set<Int> = []
    var left = columns
    for index in parts.indices.sorted(by: { (parts[$0].rank, $0) < (parts[$1].rank, $1) }) {
      let part = parts[index]
      // A curve says nothing without its loss.
      guard part.text.count <= left, part.rank != Self.curveRank || shown.contains(where: { parts[$0].rank == 2 })
      else { continue }
      shown.insert(index)
      left -= part.text.count
    }
    return parts.indices.filter { shown.contains($0) }.map { parts[$0].text }.joined()
  }
}

/// How long the rest will take, from the pace of the last reports.
///
/// A window rather than the mean since the start: a run that waited for a slow disk, or that shares its machine, is
/// judged by what it does now.
struct Pace {
  private var reports: [(step: Int, time: Double)] = []
  private let window = 64

  /// - Parameter time: seconds from any fixed moment.
  mutating func report(step: Int, time: Double) {
    // A rollback: what was before it says nothing about the steps to come.
    if let last = reports.last, step <= last.step { reports = [] }
    reports.append((step, time))
    if reports.count > window { reports.removeFirst() }
  }

  func secondsLeft(totalSteps: Int) -> Double? {
    guard let first = reports.first, let last = reports.last, last.step > first.step else { return nil }
    return (last.time - first.time) / Double(last.step - first.step) * Double(max(0, totalSteps - last.step))
  }
}
