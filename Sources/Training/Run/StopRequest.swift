import CSignals

/// Whether this rank wants the run to stop: a signal told it to, or the time it was given is nearly over.
struct StopRequest {
  private let end: ContinuousClock.Instant?

  /// - Parameter timeLimit: from now; nil where there is no limit.
  init(timeLimit: TimeSpan?) {
    end = timeLimit.map { .now + .seconds($0.seconds) }
  }

  /// - Parameter secondsToStop: what one more step and a checkpoint may take; they must come before the limit.
  func isMade(secondsToStop: Double) -> Bool {
    if stop_request_signal() != 0 { return true }
    guard let end else { return false }
    return .now + .seconds(secondsToStop) >= end
  }
}

/// Makes signals ask for a stop, in place of ending the process: the first thing that a program does that trains, so that
/// none is lost that comes while it starts.
public func listenForStopRequests() {
  stop_request_install()
}
