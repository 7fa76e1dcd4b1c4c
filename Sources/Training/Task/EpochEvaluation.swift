import Collectives
import Compute
import Datasets
import Reporting

/// What looks at a model after epochs of its training: a loss on held-out images, an accuracy, a rank of features.
///
/// A task that has one returns it from ``TrainingTask/evaluation(beside:placement:)``. The run calls it after the last step
/// of every epoch for which `isDue` holds, on all ranks at once, between that step and the checkpoint that is saved behind it;
/// what it gives goes into the epoch's record, and so into the log, the console's line of the epoch, TensorBoard and the
/// report, with the seconds that it took. A run that was killed before the checkpoint takes the epoch's last step again, and
/// evaluates again; one that goes on from the checkpoint finds the epoch's record in its log.
///
/// It must change no bit of the run and be no less repeatable: the parameters are there to be read; all that is random is a
/// function of the seed and a purpose of its own; and what ranks and threads found meets in an order that depends on neither
/// (sums of whole numbers, or values gathered in the order of the images).
public protocol EpochEvaluation: AnyObject {
  /// The images that it looks at. The run makes sure before it begins that all ranks have the same.
  var data: [EvaluationData] { get }

  /// What is to be said of it before the first step, a sentence each; nothing unless the evaluation says otherwise.
  var notes: [String] { get }

  /// Which of the values tells the best checkpoint, the larger the better; nil where none does. The checkpoint of the best
  /// step is kept, and saved where none was due.
  var score: Metric? { get }

  /// Whether to evaluate after an epoch; the same answer on all ranks.
  ///
  /// - Parameters:
  ///   - epoch: epochs done, 1 after the first.
  ///   - epochs: those of the schedule.
  func isDue(afterEpoch epoch: Int, of epochs: Int) -> Bool

  /// Evaluates. All ranks call it together and get the same values.
  ///
  /// - Returns: what is to be shown, in order: names in `snake_case`, unlike those of the task's own metrics, the same names
  ///   each time.
  /// - Throws: where all ranks throw the same error (see `Communicator.together`), the run ends in one sentence; an error of
  ///   one rank alone ends the job at once.
  func evaluate(_ state: EvaluationState) throws -> [MetricValue]
}

extension EpochEvaluation {
  public var score: Metric? { nil }
  public var notes: [String] { [] }
}

/// Images of an evaluation, with the path that they were opened at.
public struct EvaluationData {
  public let path: DataPaths
  public let source: any ImageSource

  public init(path: DataPaths, source: any ImageSource) {
    self.path = path
    self.source = source
  }
}

/// What an evaluation is given: the model as it is after an epoch, and what the run has to compute with.
public struct EvaluationState {
  /// Steps done.
  public let step: Int
  /// Epochs done, this one included.
  public let epoch: Int
  /// The whole arena, the same on every rank. It may only be read.
  public let parameters: Vector
  /// The same in bfloat16, where the run is in that precision; empty otherwise.
  public let rounded: VectorView<BFloat16>
  /// The moving average of the parameters, as they are: the whole arena, the same on every rank, and only to be read; nil where
  /// the run keeps none.
  public let average: Vector?
  /// The best that `EpochEvaluation.score` has been after earlier epochs; nil before there is one.
  public let bestScore: Double?
  public let communicator: any Communicator
  /// The threads that take the steps, idle until the evaluation is done.
  public let pool: WorkerPool
  /// Says that the evaluation gets on, so that the watchdog waits anew: to be called after every piece of work that takes no
  /// longer than a step or so.
  public let advance: () -> Void
  /// Writes a warning among the lines of progress, on rank 0; nothing elsewhere.
  public let warn: (_ sentence: String) -> Void
  public let runDirectory: RunDirectory
}
