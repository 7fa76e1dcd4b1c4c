import Collectives
import Compute
import Files
import Foundation
import Synchronization

/// Calls somebody when a thing has not happened within some seconds.
///
/// Time in which this process did not run (SIGSTOP, a suspended machine) does not count.
public final class Deadline: Sendable {
  private let isMet = Atomic(false)

  /// - Parameter missed: called on a thread of its own.
  /// - Throws: that thread cannot be started.
  public init(seconds: Double, missed: @escaping @Sendable () -> Void) throws(ThreadError) {
    _ = try SystemThread(for: "a deadline") { [self] in
      let interval = min(1, seconds / 10)
      var waited = 0.0
      var last = ContinuousClock.now
      while waited < seconds {
        sleepThread(seconds: interval)
        if isMet.load(ordering: .relaxed) { return }
        waited += min(last.secondsSince, 2 * interval)
        last = .now
      }
      missed()
    }
  }

  /// It has happened.
  public func meet() {
    isMet.store(true, ordering: .relaxed)
  }
}

extension Deadline {
  /// Before the watchdog of the steps there is this one for all that comes before: a rank whose file system no longer answers
  /// keeps the others waiting as one that hangs in a step does.
  static func ofGettingReady(_ limits: WatchdogConfiguration, _ communicator: any Communicator) throws(ThreadError)
    -> Deadline
  {
    let seconds = limits.limit(after: [])
    return try Deadline(seconds: seconds) {
      let state = communicator.isInCall ? "waits for others" : "is at work on data, a checkpoint or its memory"
      let sentence =
        "rank \(communicator.rank) on host \(communicator.hostName): getting ready takes longer than \(seconds) s; this rank "
        + "\(state). Ending the job; watchdog.first_steps_seconds allows more time."
      try? StandardStream.error.write("mae: \(sentence)\n")
      sleepThread(seconds: 2)
      communicator.abort(code: 1)
    }
  }
}
