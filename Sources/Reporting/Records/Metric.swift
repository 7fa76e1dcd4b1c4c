/// A number that a task reports of each step beside the loss: a mean over the images of the step's global batch.
///
/// The log, TensorBoard, the console and the report show it by its name.
public struct Metric: Hashable, Sendable {
  /// In `snake_case`.
  public let name: String
  /// As people read it.
  public var title: String { name.replacing("_", with: " ") }

  public init(name: String) {
    self.name = name
  }
}

/// What a metric came to.
public struct MetricValue: Hashable, Sendable {
  public let metric: Metric
  public let value: Double

  public init(_ metric: Metric, _ value: Double) {
    (self.metric, self.value) = (metric, value)
  }
}
