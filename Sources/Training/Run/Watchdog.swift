import Compute
import Foundation

/// Ends the job when a step takes far longer than recent ones: a rank that hangs is noticed by nobody else, and the
/// others would wait for it for ever.
///
/// A thread of its own looks at the clock; the training loop only says when steps begin and end. Between two steps,
/// where checkpoints are written, the same limit holds, and for each part of an evaluation that of the first steps. Time in which the whole process did not run (SIGSTOP, a
/// suspended machine) does not count, so that it may be continued.
///
/// All ranks take their steps together, so all meet the limit nearly at once. Each then says what it was doing, and
/// waits a little for the others to say so too before it ends the job. A step that has completed by then was slow and no more:
/// the watch goes on.
final class Watchdog: Sendable {
  private struct State {
    var step: Int
    var stepBegan: ContinuousClock.Instant?
    /// Since the last step began or ended.
    var secondsWaited = 0.0
    /// Of the last steps, the newest one last.
    var recentSeconds: [Double] = []
    /// Whether the model is evaluated after `step`. Nothing is known of how long that takes, but each part of it
    /// that is done is an event.
    var isEvaluating = false
    /// How often a step or an evaluation has begun, got on or ended.
    var events = 0
    var isWatching = true
  }

  private static let recentCount = 16
  private let configuration: WatchdogConfiguration
  private let progress: StepProgress
  private let state: Monitor<State>

  /// Starts to watch a run that has done `step` steps.
  ///
  /// - Parameters:
  ///   - report: told what is wrong, on the watchdog's thread.
  ///   - end: ends the job; called some seconds after `report`, unless what took so long has come to its end.
  /// - Throws: its thread cannot be started.
  init(
    _ configuration: WatchdogConfiguration, progress: StepProgress, after step: Int,
    report: @escaping @Sendable (String) -> Void, end: @escaping @Sendable () -> Void
  ) throws(ThreadError) {
    self.configuration = configuration
    self.progress = progress
    state = Monitor(State(step: step + 1))
    _ = try SystemThread(for: "the watchdog") { [self] in
      while let overdue = nextOverdue() {
        report(overdue.sentence)
        // Limits of different ranks differ as the times that they measured do.
        sleepThread(seconds: max(2, overdue.limit / 20))
        let now = self.state.withLock { $0 }
        if !now.isWatching { return }
        if now.events == overdue.events { return end() }
        report("watchdog: it has come to its end meanwhile; the job goes on.")
      }
    }
  }

  func stepBegins(_ step: Int) {
    state.withLock {
      $0.step = step
      $0.stepBegan = .now
      $0.events += 1
      $0.secondsWaited = 0
    }
  }

  func stepEnds() {
    state.withLock {
      if let began = $0.stepBegan { $0.recentSeconds.append(began.secondsSince) }
      if $0.recentSeconds.count > Self.recentCount { $0.recentSeconds.removeFirst() }
      $0.stepBegan = nil
      $0.events += 1
      $0.secondsWaited = 0
    }
  }

  /// What follows the step is an evaluation.
  func evaluationBegins() { evaluation(goesOn: true) }

  /// A part of it is done.
  func evaluationAdvances() { evaluation(goesOn: true) }

  func evaluationEnds() { evaluation(goesOn: false) }

  private func evaluation(goesOn: Bool) {
    state.withLock {
      $0.isEvaluating = goesOn
      $0.events += 1
      $0.secondsWaited = 0
    }
  }

  /// Lets the rest of the program take as long as it likes.
  func stop() {
    state.withLock { $0.isWatching = false }
  }

  /// Waits until something takes too long, and says what; nil when the watch is over.
  private func nextOverdue() -> (sentence: String, limit: Double, events: Int)? {
    let interval = min(1, configuration.floorSeconds / 10)
    var last = ContinuousClock.now
    while true {
      sleepThread(seconds: interval)
      let awake = min(last.secondsSince, 2 * interval)
      last = .now
      let state = state.withLock {
        $0.secondsWaited += awake
        return $0
      }
      guard state.isWatching else { return nil }
      let limit = configuration.limit(after: state.isEvaluating ? [] : state.recentSeconds)
      if state.secondsWaited > limit { return (sentence(state, limit), limit, state.events) }
    }
  }

  private func sentence(_ state: State, _ limit: Double) -> String {
    let what =
      state.isEvaluating
      ? "a part of the evaluation after step \(state.step)"
      : state.stepBegan == nil ? "what follows step \(state.step)" : "step \(state.step)"
    let recent = state.recentSeconds.isEmpty ? nil : state.recentSeconds.sorted()[state.recentSeconds.count / 2]
    let before = recent.map { String(format: "; recent steps took %.3g s", $0) } ?? ""
    return String(format: "watchdog: %@ takes longer than %.4g s%@; this rank is in ", what, limit, before)
      + "\(progress.phase). Ending the job unless it goes on."
  }
}
