import Checkpoints
import Collectives
import Compute
import Datasets
import Files
import Reporting

/// What is done after the last step of an epoch.
extension Run {
  /// The task's evaluation, whose images are the same on all ranks; nil where it has none.
  ///
  /// - Parameter source: the images that are trained on.
  static func openEvaluation(
    of task: Task, beside source: any ImageSource, placement: VirtualWorkerPlacement,
    on communicator: any Communicator
  ) throws -> (any EpochEvaluation)? {
    let evaluation = try communicator.together { try task.evaluation(beside: source, placement: placement) }
    for data in evaluation?.data ?? [] {
      _ = try communicator.commonIdentity(of: data.source, path: data.path.description)
    }
    return evaluation
  }

  /// Whether an evaluation follows `step`.
  func isEvaluationDue(after step: Int) -> Bool {
    guard let evaluation, step.isMultiple(of: order.stepsPerEpoch) else { return false }
    return evaluation.isDue(afterEpoch: step / order.stepsPerEpoch, of: configuration.train.epochs)
  }

  /// Evaluates where that is due, and records the epoch, whose last step has just been recorded.
  func finishEpoch(watchdog: Watchdog) throws {
    guard step.isMultiple(of: order.stepsPerEpoch) else { return }
    guard let evaluation, isEvaluationDue(after: step) else {
      recorder?.recordEpoch(endingWith: step)
      return
    }
    watchdog.evaluationBegins()
    replica.progress.enter(.evaluation)
    let start = ContinuousClock.now
    let state = EvaluationState(
      step: step, epoch: step / order.stepsPerEpoch, parameters: replica.parameters.all, rounded: replica.rounded.all,
      average: try replica.average(), bestScore: best?.score, communicator: communicator, pool: replica.pool,
      advance: { watchdog.evaluationAdvances() },
      warn: { [recorder] sentence in recorder?.logger.warning("\(sentence)") }, runDirectory: options.runDirectory)
    let values = try finishingSaves { try evaluation.evaluate(state) }
    let seconds = start.secondsSince
    watchdog.evaluationEnds()
    longestEvaluationSeconds = max(longestEvaluationSeconds, seconds)
    if let score = values.first(where: { $0.metric == evaluation.score })?.value, score > best?.score ?? -.infinity {
      best = (step, score)
    }
    recorder?.recordEpoch(endingWith: step, evaluation: values, seconds: seconds)
  }
}

extension Run {
  /// Does what may fail on all ranks alike; if it does, the checkpoint under way is finished first, so that nothing is lost.
  private func finishingSaves<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as SharedError {
      // Why a save failed has been recorded; what ended the run is said.
      try? finishSaving()
      throw error
    }
  }
}
