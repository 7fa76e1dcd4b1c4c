/// A number of a step, and who shows it beside the log.
struct StepQuantity: Sendable {
  /// Where a record has it.
  enum Place: Sendable {
    case always(WritableKeyPath<StepRecord, Double> & Sendable)
    case sometimes(WritableKeyPath<StepRecord, Double?> & Sendable)

    func value(in record: StepRecord) -> Double? {
      switch self {
      case .always(let path): record[keyPath: path]
      case .sometimes(let path): record[keyPath: path]
      }
    }

    /// - Returns: false where a value is missing that must be there.
    func set(_ value: Double?, in record: inout StepRecord) -> Bool {
      switch self {
      case .always(let path):
        guard let value else { return false }
        record[keyPath: path] = value
      case .sometimes(let path): record[keyPath: path] = value
      }
      return true
    }
  }

  let name: String
  let place: Place
  /// Whether TensorBoard draws it.
  var isScalar = false
  /// As a part of the console's line.
  var console: (@Sendable (Double) -> String)?
  /// Of the parts of the console's line, the lower the more it matters; see `ProgressSnapshot.line`.
  var consoleRank = 0

  /// In the order of the log's line. The console shows epoch, loss and the wait for images in its own way.
  static let all = [
    StepQuantity(name: "epoch", place: .always(\.epoch)),
    StepQuantity(name: "loss", place: .always(\.loss), isScalar: true),
    StepQuantity(
      name: "learning_rate", place: .always(\.learningRate), isScalar: true,
      console: { "lr \(ProgressFormat.measure($0))" }, consoleRank: 8),
    StepQuantity(
      name: "gradient_norm", place: .sometimes(\.gradientNorm), isScalar: true,
      console: { "grad \(ProgressFormat.measure($0))" }, consoleRank: 9),
    StepQuantity(
      name: "images_per_second", place: .always(\.imagesPerSecond), isScalar: true,
      console: { "\(ProgressFormat.measure($0)) images/s" }, consoleRank: 4),
    StepQuantity(name: "step_seconds", place: .always(\.stepSeconds)),
    StepQuantity(name: "data_seconds", place: .sometimes(\.dataSeconds)),
    StepQuantity(name: "forward_seconds", place: .sometimes(\.forwardSeconds)),
    StepQuantity(name: "backward_seconds", place: .sometimes(\.backwardSeconds)),
    StepQuantity(name: "allreduce_seconds", place: .sometimes(\.allreduceSeconds)),
    StepQuantity(name: "optimizer_seconds", place: .sometimes(\.optimizerSeconds)),
    StepQuantity(name: "checkpoint_seconds", place: .sometimes(\.checkpointSeconds)),
    StepQuantity(name: "comparison_seconds", place: .sometimes(\.comparisonSeconds)),
    StepQuantity(name: "resident_mb", place: .sometimes(\.residentMegabytes)),
  ]

  static let names = Set(all.map(\.name))
}

extension StepRecord {
  /// What TensorBoard draws.
  var scalars: [(name: String, value: Double)] {
    StepQuantity.all.filter(\.isScalar).compactMap { quantity in
      quantity.place.value(in: self).map { (quantity.name, $0) }
    } + metrics.map { ($0.metric.name, $0.value) }
  }
}
