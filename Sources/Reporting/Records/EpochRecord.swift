/// What is known after an epoch.
public struct EpochRecord: LogRecord, Hashable {
  /// The epoch's last step.
  public var step: Int
  /// Epochs done, this one included.
  public var epoch: Int
  /// Over the epoch's images.
  public var meanLoss: Double
  public var seconds: Double
  /// As the loss, what the task reports.
  public var meanMetrics: [MetricValue] = []
  /// What an evaluation of the model after the epoch came to; empty where there was none.
  public var evaluation: [MetricValue] = []
  /// What that took; it is no part of `seconds`.
  public var evaluationSeconds: Double?
  /// Of the time since the run was last started, what evaluations have taken so far.
  public var evaluationShare: Double?

  public init(step: Int, epoch: Int, meanLoss: Double, seconds: Double) {
    (self.step, self.epoch, self.meanLoss, self.seconds) = (step, epoch, meanLoss, seconds)
  }

  public static let event = "epoch"
  public var event: String { Self.event }

  public var fields: [LogField] {
    [
      LogField("epoch", .integer(epoch)), LogField("mean_loss", .number(meanLoss)),
      LogField("epoch_seconds", .number(seconds)),
    ] + meanMetrics.map { LogField("mean_\($0.metric.name)", .number($0.value)) }
      + evaluation.map { LogField($0.metric.name, .number($0.value)) }
      + (evaluationSeconds.map { [LogField(Self.evaluationSecondsKey, .number($0))] } ?? [])
      + (evaluationShare.map { [LogField(Self.evaluationShareKey, .number($0))] } ?? [])
  }

  private static let evaluationSecondsKey = "evaluation_seconds"
  static let evaluationShareKey = "evaluation_share"

  /// Nil when the line is not an epoch's. What an evaluation came to is all numbers that are nothing else, sorted by name.
  ///
  /// - Parameter metrics: the task's; where they are not given, they come back as if they were an evaluation's.
  public init?(_ line: LogLine, metrics: [Metric]) {
    guard line.event == Self.event, case .integer(let epoch)? = line.values["epoch"],
      let meanLoss = line.values["mean_loss"]?.double, let seconds = line.values["epoch_seconds"]?.double
    else { return nil }
    self.init(step: line.step, epoch: epoch, meanLoss: meanLoss, seconds: seconds)
    meanMetrics = metrics.compactMap { metric in
      line.values["mean_\(metric.name)"]?.double.map { MetricValue(metric, $0) }
    }
    evaluationSeconds = line.values[Self.evaluationSecondsKey]?.double
    evaluationShare = line.values[Self.evaluationShareKey]?.double
    let own = ["epoch", "mean_loss", "epoch_seconds", Self.evaluationSecondsKey, Self.evaluationShareKey]
    let known = Set(own + metrics.map { "mean_\($0.name)" })
    evaluation = line.values.filter { !known.contains($0.key) }.sorted { $0.key < $1.key }
      .compactMap { key, value in value.double.map { MetricValue(Metric(name: key), $0) } }
  }

  public init?(_ line: LogLine) { self.init(line, metrics: []) }
}
