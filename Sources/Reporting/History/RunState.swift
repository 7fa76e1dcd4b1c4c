import Foundation

/// Where a run stands.
public enum RunState: Hashable, Sendable {
  case running
  case finished
  /// On request, with a checkpoint to go on from.
  case stopped
  case failed(reason: String)
  /// Its process is gone and has not said why: killed, or the machine went down.
  case crashed
  /// It has not taken a step.
  case empty

  /// - Parameter isAlive: whether a process has the run directory.
  public init(_ history: RunHistory, isAlive: Bool) {
    self =
      switch history.ending {
      case .completed: .finished
      case .stopped: .stopped
      case .failed(let reason): .failed(reason: reason)
      case nil where isAlive: .running
      case nil where history.lastStep == 0 && history.start.isEmpty: .empty
      case nil where history.isDone: .finished
      case nil: .crashed
      }
  }

  /// One word of the list of runs and the page's badge.
  public var word: String {
    switch self {
    case .running: "running"
    case .finished: "finished"
    case .stopped: "stopped"
    case .failed: "failed"
    case .crashed: "crashed"
    case .empty: "empty"
    }
  }
}

extension RunHistory {
  /// Whether the last line is so young by this machine's clock.
  public func wasWrittenWithin(seconds: Double, now: Double = Date().timeIntervalSince1970) -> Bool {
    latestTime.map { now - $0 < seconds } ?? false
  }

  /// Whether the last step has been taken; unknown of logs that do not say how many there are to be.
  var isDone: Bool { totalSteps.map { lastStep >= $0 } ?? false }

  /// Images a second over about the last tenth of the steps.
  var recentImagesPerSecond: Double? { steps["images_per_second"]?.recentMean() }

  /// How long the rest will take at the pace of the last steps.
  var secondsLeft: Double? {
    guard let totalSteps, totalSteps > lastStep, let pace = steps["step_seconds"]?.recentMean(share: 0.05) else {
      return nil
    }
    return pace * (Double(totalSteps) - Double(lastStep))
  }

  /// The share of a step's time that passes in waiting for images, over about the last tenth of the steps.
  var recentDataShare: Double? {
    guard let waited = steps["data_seconds"]?.recentMean(), let whole = steps["step_seconds"]?.recentMean(), whole > 0
    else { return nil }
    return waited / whole
  }
}
