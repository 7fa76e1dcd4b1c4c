import Files
import Foundation

/// The last numbers of a run in Prometheus's text format, for the textfile collector of its node exporter.
///
/// The file is replaced at once, never written into, so that whoever reads it finds a whole one; at most every five seconds, and
/// in the end. Counters begin at zero with each start of the program, as Prometheus expects of them.
public final class PrometheusSink: RecordSink {
  private static let interval = 5.0

  private let path: String
  /// The label `run`.
  private let run: String
  private var step: StepRecord?
  private var counts: [String: Int] = [
    "checkpoint": 0, "checkpoint_failed": 0, "bad_sample": 0, "non_finite": 0, "rollback": 0,
  ]
  private var lastWritten: ContinuousClock.Instant?

  /// - Parameters:
  ///   - path: of the file, which node exporter expects to end in `.prom`.
  ///   - run: what tells this run from others on the same host.
  public init(path: String, run: String) {
    (self.path, self.run) = (path, run)
  }

  public func take(_ record: RunRecord) throws(ReportingError) {
    switch record {
    case .step(let record): step = record
    case .event(let record): counts[record.event]? += 1
    case .start, .epoch, .end: break
    }
    let now = ContinuousClock.now
    guard step != nil, lastWritten.map({ (now - $0) / .seconds(1) >= Self.interval }) ?? true else { return }
    lastWritten = now
    try write()
  }

  public func finish() throws(ReportingError) { try write() }

  private func write() throws(ReportingError) {
    guard let step else { return }
    let text = text(step, now: Date.now.timeIntervalSince1970)
    try reporting { () throws(FileError) in
      let files = PosixFileSystem()
      let temporary = "\(path).writing"
      try files.removeTree(temporary)
      var file = try AppendOnlyFile(path: temporary)
      try file.append(Array(text.utf8))
      // The next write is seconds away: a power cut may take this one.
      try files.rename(temporary, to: path)
    }
  }

  /// - Parameter now: seconds since 1970.
  func text(_ step: StepRecord, now: Double) -> String {
    var text = ""
    func add(_ name: String, _ type: String, _ help: String, _ value: Double?) {
      guard let value else { return }
      text += "# HELP mae_\(name) \(help)\n# TYPE mae_\(name) \(type)\nmae_\(name){run=\"\(label)\"} \(number(value))\n"
    }
    add("step", "gauge", "Steps done.", Double(step.step))
    add("epoch", "gauge", "Epochs done, with the fraction of the running one.", step.epoch)
    add("loss", "gauge", "Mean loss of the last step's images.", step.loss)
    add("learning_rate", "gauge", "Of the last step.", step.learningRate)
    add("gradient_norm", "gauge", "Of the last step.", step.gradientNorm)
    add("images_per_second", "gauge", "Over all ranks, in the last step.", step.imagesPerSecond)
    add("step_seconds", "gauge", "Duration of the last step.", step.stepSeconds)
    add("data_wait_seconds", "gauge", "What the last step waited for images.", step.dataSeconds)
    add("allreduce_wait_seconds", "gauge", "What the last step waited for other ranks.", step.allreduceSeconds)
    add("resident_memory_bytes", "gauge", "Memory of the first rank.", step.residentMegabytes.map { $0 * 1e6 })
    add("last_step_timestamp_seconds", "gauge", "When this was written; old where the run hangs.", now)
    add("checkpoints_total", "counter", "Checkpoints written since the start.", counts["checkpoint"].map(Double.init))
    add(
      "checkpoint_failures_total", "counter", "Checkpoints that could not be written since the start.",
      counts["checkpoint_failed"].map(Double.init))
    add(
      "bad_images_total", "counter", "Images that could not be used since the start.",
      counts["bad_sample"].map(Double.init))
    add(
      "non_finite_steps_total", "counter", "Steps that were not finite since the start.",
      counts["non_finite"].map(Double.init))
    add("rollbacks_total", "counter", "Returns to a checkpoint since the start.", counts["rollback"].map(Double.init))
    return text
  }

  private var label: String {
    run.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }

  private func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    return value.isInfinite ? (value < 0 ? "-Inf" : "+Inf") : "\(value)"
  }
}
