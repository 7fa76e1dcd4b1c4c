/// What is known after an optimiser step.
///
/// A new number is a property here and a line of `StepQuantity.all`, which says who shows it beside the log.
public struct StepRecord: LogRecord, Hashable {
  public var step: Int
  /// Epochs done, with the fraction of the running one.
  public var epoch: Double
  /// Mean over the global batch.
  public var loss: Double
  public var learningRate: Double
  /// 2-norm over all parameters, before clipping.
  public var gradientNorm: Double?
  /// Over the step's global batch, all ranks.
  public var imagesPerSecond: Double
  /// From the end of the last step to the end of this one.
  public var stepSeconds: Double
  /// Waited for images.
  public var dataSeconds: Double?
  public var forwardSeconds: Double?
  public var backwardSeconds: Double?
  /// Waited for the reduction after backward was done.
  public var allreduceSeconds: Double?
  public var optimizerSeconds: Double?
  /// Waited for a checkpoint's copy.
  public var checkpointSeconds: Double?
  /// Took to compare a hash of the parameters over all ranks.
  public var comparisonSeconds: Double?
  /// Of rank 0, in 10⁶ bytes.
  public var residentMegabytes: Double?
  /// What the task reports.
  public var metrics: [MetricValue] = []
  /// Whatever else a component wants to have in the line.
  public var additional: [LogField] = []

  public init(
    step: Int, epoch: Double, loss: Double, learningRate: Double, imagesPerSecond: Double, stepSeconds: Double
  ) {
    (self.step, self.epoch, self.loss, self.learningRate) = (step, epoch, loss, learningRate)
    (self.imagesPerSecond, self.stepSeconds) = (imagesPerSecond, stepSeconds)
  }

  public static let event = "step"
  public var event: String { Self.event }

  public var fields: [LogField] {
    StepQuantity.all.compactMap { quantity in
      quantity.place.value(in: self).map { LogField(quantity.name, .number($0)) }
    } + metrics.map { LogField($0.metric.name, .number($0.value)) } + additional
  }

  /// Nil when the line is not a step's. `additional` comes back sorted by name.
  ///
  /// - Parameter metrics: the fields that are the task's; where they are not given, they come back as `additional`.
  public init?(_ line: LogLine, metrics: [Metric]) {
    guard line.event == Self.event else { return nil }
    self.init(step: line.step, epoch: 0, loss: 0, learningRate: 0, imagesPerSecond: 0, stepSeconds: 0)
    for quantity in StepQuantity.all {
      guard quantity.place.set(line.values[quantity.name]?.double, in: &self) else { return nil }
    }
    self.metrics = metrics.compactMap { metric in
      line.values[metric.name]?.double.map { MetricValue(metric, $0) }
    }
    let known = StepQuantity.names.union(metrics.map(\.name))
    additional = line.values.filter { !known.contains($0.key) }.sorted { $0.key < $1.key }
      .map { LogField($0.key, $0.value) }
  }

  public init?(_ line: LogLine) { self.init(line, metrics: []) }
}
