import Reporting

/// What is known of the epoch that is not over yet.
struct RunningEpoch {
  private let metrics: [Metric]
  private var steps = 0
  private var lossSum = 0.0
  private var metricSums: [Double]
  private var seconds = 0.0

  init(metrics: [Metric]) {
    self.metrics = metrics
    metricSums = metrics.map { _ in 0 }
  }

  /// A step that is not finite was left out: it is none of those that the epoch's means are of.
  mutating func add(_ record: StepRecord) {
    seconds += record.stepSeconds
    guard record.loss.isFinite, record.gradientNorm?.isFinite ?? true else { return }
    steps += 1
    lossSum += record.loss
    for (index, metric) in metrics.enumerated() {
      if let value = record.metrics.first(where: { $0.metric == metric })?.value { metricSums[index] += value }
    }
  }

  /// What it comes to with `step`, its last; nil where no step was finite.
  func record(step: Int, epoch: Int) -> EpochRecord? {
    guard steps > 0 else { return nil }
    var record = EpochRecord(step: step, epoch: epoch, meanLoss: lossSum / Double(steps), seconds: seconds)
    record.meanMetrics = zip(metrics, metricSums).map { MetricValue($0, $1 / Double(steps)) }
    return record
  }
}
