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
  /// Seconds since 1970.
  private let now: () -> Double
  private var step: StepRecord?
  /// When that was done.
  private var stepTime = 0.0
  /// The step at which the run is to end.
  private var plannedSteps: Int?
  private var state = State.running
  private var counts: [String: Int] = [
    "checkpoint": 0, "checkpoint_failed": 0, "bad_sample": 0, "non_finite": 0, "rollback": 0,
  ]
  private var lastWritten: ContinuousClock.Instant?

  /// A run that was killed stays `running` here: the time of its last step tells.
  private enum State: String, CaseIterable {
    case running
    case completed
    case stopped
    case failed

    init(_ ending: RunHistory.Ending) {
      self =
        switch ending {
        case .completed: .completed
        case .stopped: .stopped
        case .failed: .failed
        }
    }
  }

  /// - Parameters:
  ///   - path: of the file, which node exporter expects to end in `.prom`.
  ///   - run: what tells this run from others on the same host.
  ///   - now: seconds since 1970.
  public init(path: String, run: String, now: @escaping () -> Double = { Date.now.timeIntervalSince1970 }) {
    (self.path, self.run, self.now) = (path, run, now)
  }

  public func take(_ record: RunRecord) throws(ReportingError) {
    switch record {
    case .start(let record): plannedSteps = record.lastStep
    case .step(let record): (step, stepTime) = (record, now())
    case .event(let record): counts[record.event]? += 1
    case .end(let record): state = State(record.ending)
    case .epoch: break
    }
    let instant = ContinuousClock.now
    guard step != nil, lastWritten.map({ (instant - $0) / .seconds(1) >= Self.interval }) ?? true else { return }
    lastWritten = instant
    try write()
  }

  public func finish() throws(ReportingError) { try write() }

  private func write() throws(ReportingError) {
    guard let step else { return }
    let text = text(step)
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

  private func text(_ step: StepRecord) -> String {
    var text = ""
    func begin(_ name: String, _ type: String, _ help: String) {
      text += "# HELP mae_\(name) \(help)\n# TYPE mae_\(name) \(type)\n"
    }
    func add(_ name: String, _ type: String, _ help: String, _ value: Double?) {
      guard let value else { return }
      begin(name, type, help)
      text += "mae_\(name){run=\"\(label)\"} \(number(value))\n"
    }
    begin("state", "gauge", "1 at the state of the run, 0 at the others; of one that was killed it stays running.")
    for state in State.allCases {
      text += "mae_state{run=\"\(label)\",state=\"\(state.rawValue)\"} \(state == self.state ? 1 : 0)\n"
    }
    add("step", "gauge", "Steps done.", Double(step.step))
    add("planned_steps", "gauge", "The step at which the run is to end.", plannedSteps.map(Double.init))
    add("epoch", "gauge", "Epochs done, with the fraction of the running one.", step.epoch)
    add("loss", "gauge", "Mean loss of the last step's images.", step.loss)
    add("learning_rate", "gauge", "Of the last step.", step.learningRate)
    add("gradient_norm", "gauge", "Of the last step.", step.gradientNorm)
    add("images_per_second", "gauge", "Over all ranks, in the last step.", step.imagesPerSecond)
    add("step_seconds", "gauge", "Duration of the last step.", step.stepSeconds)
    add("data_wait_seconds", "gauge", "What the last step waited for images.", step.dataSeconds)
    add("allreduce_wait_seconds", "gauge", "What the last step waited for other ranks.", step.allreduceSeconds)
    add("resident_memory_bytes", "gauge", "Memory of the first rank.", step.residentMegabytes.map { $0 * 1e6 })
    add(
      "last_step_timestamp_seconds", "gauge", "When the last step was done; old where the run hangs or was killed.",
      stepTime)
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
