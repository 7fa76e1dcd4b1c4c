import Checkpoints
import Collectives
import Compute
import Datasets
import Evaluation
import Files
import Foundation
import Training

/// A classifier's checkpoint, tried on the images of `validation.path` as a run would after an epoch.
public struct JudgedClassifier {
  public let result: EvaluationResult
  /// Where its files go unless something else is said: a folder of the run directory, another one for another step and other
  /// images.
  public let folder: String

  /// Tries the checkpoint to resume from, the newest of the run directory, or the one to begin with. All ranks call it, and get
  /// the same.
  ///
  /// - Throws: on all ranks alike.
  public init(
    _ configuration: ClassificationConfiguration, options: RunOptions, communicator: any Communicator
  ) throws {
    guard let path = configuration.validation.path else { throw TrainingError.nothingToEvaluate }
    let opened = try OpenedCheckpoint<ImageClassification>(
      configuration, options: options, communicator: communicator)
    let validation = try communicator.together {
      try Validation(
        opened.task, of: path, learned: { try Self.classes(of: opened.checkpoint, toMatch: $0, configuration) },
        threads: opened.placement.threads)
    }
    let identity = try communicator.commonIdentity(of: validation.source, path: path.description)
    let state = opened.state
    let found = try validation.results(state)
    extendLifetime(opened)
    let result = validation.evaluationResult(
      found, [("checkpoint", .text(escaped(opened.path))), ("step", .count(state.step))])
    self.result = try communicator.together {
      guard let result else { throw ClassificationError.notFinite(path: opened.path) }
      return result
    }
    let name = configuration.validation.onlyPresentClasses ? "finetune-present" : "finetune"
    folder = options.runDirectory.evaluation(
      "\(name)-step-\(String(format: "%08d", state.step))-\(identity.hash.prefix(8))")
  }

  /// The classes that a checkpoint has learned, as it says them itself. Of one that does not, labels are places in the order of
  /// the classes of `data.path`, as where it was trained.
  private static func classes(
    of checkpoint: Checkpoint, toMatch names: [String], _ configuration: ClassificationConfiguration
  ) throws -> LearnedClasses {
    if let own = checkpoint.classNames(toMatch: names, count: configuration.model.classes) {
      return LearnedClasses(names: own)
    }
    guard !configuration.data.path.isEmpty else { throw TrainingError.noDataPath }
    let source = try openSource(at: configuration.data.path, options: configuration.decodingOptions)
    try ImageClassification.check(source, for: configuration)
    return LearnedClasses(of: source)
  }
}
