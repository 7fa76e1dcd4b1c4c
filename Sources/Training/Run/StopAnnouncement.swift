import CSignals
import Compute
import Foundation

/// Says at once that a signal was heard and what comes of it: the step that is running may take a minute, and who has pressed
/// Ctrl-C wants to know that it was not in vain.
///
/// A handler may not write, and the training loop looks only between steps; so a thread looks ten times a second.
final class StopAnnouncement: Sendable {
  private let isOver = Monitor(false)

  /// - Parameter say: called at most once, on another thread.
  /// - Throws: the thread cannot be started.
  init(say: @escaping @Sendable (_ sentence: String) -> Void) throws(ThreadError) {
    _ = try SystemThread(for: "signals") { [isOver] in
      while !isOver.withLock({ $0 }) {
        let signal = stop_request_signal()
        if signal != 0 { return say(Self.sentence(on: signal)) }
        sleepThread(seconds: 0.1)
      }
    }
  }

  deinit { isOver.withLock { $0 = true } }

  private static func sentence(on signal: Int32) -> String {
    let what = "the running step is finished and a checkpoint written, then the run ends"
    return switch signal {
    case SIGINT: "Ctrl-C: \(what); Ctrl-C once more ends it at once, without a checkpoint"
    case SIGTERM: "asked to stop (SIGTERM): \(what)"
    case SIGHUP: "asked to stop (SIGHUP): \(what)"
    default: "asked to stop (signal \(signal)): \(what)"
    }
  }
}
