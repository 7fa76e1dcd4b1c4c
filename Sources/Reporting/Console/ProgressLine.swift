/// What the console says about a step.
public struct ProgressSnapshot: Sendable {
  public var record: StepRecord
  public var totalSteps: Int
  public var totalEpochs: Double

  public init(_ record: StepRecord, totalSteps: Int, totalEpochs: Double) {
    (self.record, self.totalSteps, self.totalEpochs) = (record, totalSteps, totalEpochs)
  }

  /// One line without a line feed:
  /// `step 1200/80000  epoch 12.00/800  loss 0.4312  lr 1.50e-04  grad 1.21  412 images/s  2h03m left`.
  ///
  /// - Parameters:
  ///   - secondsLeft: nil while it is not known.
  ///   - curve: recent losses, drawn behind the loss; empty for none.
  public func line(secondsLeft: Double?, curve: some Sequence<Double>) -> String {
    let curve = Sparkline.text(curve)
    let quantities = StepQuantity.all.map { quantity in
      quantity.console.flatMap { show in quantity.place.value(in: record).map(show) }
    }
    let parts: [String?] =
      [
        "step \(record.step)/\(totalSteps)",
        "epoch \(ProgressFormat.epochs(record.epoch))/\(ProgressFormat.epochs(totalEpochs, shortened: true))",
        "loss \(ProgressFormat.loss(record.loss))" + (curve.isEmpty ? "" : " \(curve)"),
      ] + record.metrics.map(\.text) + quantities
      + [record.step >= totalSteps ? "done" : secondsLeft.map { "\(ProgressFormat.duration($0)) left" }]
    return parts.compactMap(\.self).joined(separator: "  ")
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
