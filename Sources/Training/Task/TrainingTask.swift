import Checkpoints
import Compute
import Datasets
import Optimization
import Parameters
import Reporting

/// What varies between the things that a run can train: a model, what it learns from, and what it says about it.
///
/// All else is the run's and written once: virtual workers and the tree that sums over them, the exchange while backward
/// goes on, agreement on steps that are not finite, the optimiser, checkpoints, exact resume, watchdog, comparison of the
/// replicas, and recording.
///
/// A task holds what is fixed. Parameters come from outside, and what is computed goes to a `Memory`, of which each thread
/// has its own, so that all threads use one task at once. Every method is called once for a virtual worker's images, or
/// once for a run: none is in an inner loop.
public protocol TrainingTask: Sendable {
  associatedtype Configuration: TaskConfiguration
  /// What forward and backward of a virtual worker's images take.
  associatedtype Memory: TaskMemory

  /// What its checkpoints are known by; it never changes.
  static var name: String { get }
  /// What a report of its runs is headed with.
  static var title: String { get }
  /// What it reports beside its loss, in order.
  static var metrics: [Metric] { get }

  /// The tasks whose checkpoints a new run may begin with; its own unless the task says otherwise.
  static var namesOfBeginnings: [String] { get }
  /// Whether it learns the classes of labelled images: their names are then kept in its checkpoints.
  static var learnsClasses: Bool { get }

  /// - Parameter checkpoint: what the run goes on from or begins with, which may hold what the configuration does not say;
  ///   nil where it begins from nothing.
  init(_ configuration: Configuration, from checkpoint: Checkpoint?) throws

  var configuration: Configuration { get }
  /// What is trained.
  var table: ParameterTable { get }
  /// What the model was given and does not train, to be saved with it.
  var constants: [ConstantTensor] { get }
  /// How the optimiser treats the parameters, in the order of the table.
  var parameterGroups: [ParameterGroup] { get }
  /// Of the exponential moving average of the parameters that a run keeps beside them and changes with every update; nil, unless
  /// the task says otherwise, for none.
  var averageDecay: Double? { get }
  /// The model in a line, for people.
  var summary: String { get }

  /// Whether images are what the task can learn from.
  ///
  /// - Throws: a sentence that says what they lack.
  static func check(_ source: any ImageSource, for configuration: Configuration) throws(TrainingError)

  /// Takes the parameters of a checkpoint that a new run begins with: all of its own task's, unless the task says otherwise.
  ///
  /// - Parameters:
  ///   - parameters: the whole arena, with the first weights of the seed.
  ///   - classNames: of the images that will be trained on; empty where these have no labels.
  /// - Returns: what is to be said behind the checkpoint's name; mostly nothing.
  func begin(
    with checkpoint: Checkpoint, parameters: Vector, classNames: [String], inParallel: Checkpoint.Parallel
  ) throws(CheckpointError) -> String

  /// What looks at the model after epochs, with its images opened and its memory taken; nil, unless the task says otherwise.
  ///
  /// - Parameters:
  ///   - source: the images that are trained on.
  ///   - placement: of this rank, for the threads that will evaluate.
  /// - Throws: on this rank alone; the run tells the others.
  func evaluation(beside source: any ImageSource, placement: VirtualWorkerPlacement) throws -> (any EpochEvaluation)?

  /// The bytes that the evaluation takes; 0 unless the task says otherwise.
  func evaluationBytes(_ placement: VirtualWorkerPlacement) -> Int

  // MARK: A virtual worker's images

  /// The memory of all threads of a replica, which they use at once.
  ///
  /// - Parameter gradient: the arena that `need` speaks of.
  func memories(_ need: MemoryNeed, gradient: Vector) -> [Memory]

  /// The bytes that they take, beside the gradient.
  func memoryBytes(_ need: MemoryNeed) -> Int

  /// Lays `images` of a batch, as many as a memory is for, into `memory`: pixels, labels, and all that is random, which
  /// is a function of seed, epoch and sample alone.
  func load(_ images: Range<Int>, of batch: borrowing Batch, into memory: Memory)

  /// - Parameters:
  ///   - parameters: the whole arena.
  ///   - rounded: the same in bfloat16, where the run is in that precision; empty otherwise.
  ///   - metrics: for each of the task's, its sum over the images; overwritten.
  /// - Returns: the sum of the images' losses.
  func forward(
    parameters: Vector, rounded: VectorView<BFloat16>, memory: Memory, metrics: VectorView<Double>
  ) -> Double

  /// The gradient of the sum that `forward` returned, group after group, from the last of the table to the first.
  func backward(
    parameters: Vector, rounded: VectorView<BFloat16>, memory: Memory, receiver: some GradientReceiver)

  // MARK: Where the images of a batch must know of one another

  /// Numbers that are summed over all images of a step before any of them is trained on; 0 unless the task says otherwise.
  var surveyCount: Int { get }

  /// Sums up a virtual worker's images, which `load` has laid into `memory`; the memory may keep what it needs of them.
  ///
  /// - Parameter sums: `surveyCount` of them, overwritten.
  func survey(parameters: Vector, rounded: VectorView<BFloat16>, memory: Memory, sums: VectorView<Double>)

  /// Gives a memory what the sums of all virtual workers came to, through the tree over them.
  ///
  /// - Parameter images: those of the step's global batch.
  func take(_ total: (_ index: Int) -> Double, ofImages images: Int, into memory: Memory)

  /// The optimiser has taken the step: brings the table's buffers up to date, on one thread.
  ///
  /// - Parameter memory: one that was given the sums.
  func updateBuffers(of parameters: Vector, memory: Memory)

  /// Shows what the last forward pass left, in the order of its making, and where it is to be seen, the gradient of its
  /// output; for debug mode. A matrix has as many rows for each image, and is valid during the call.
  func showActivations(of memory: Memory, _ show: (_ name: String, _ values: Matrix) -> Void)
}

extension TrainingTask {
  public static var namesOfBeginnings: [String] { [name] }
  public static var learnsClasses: Bool { false }

  public var constants: [ConstantTensor] { [] }

  public func begin(
    with checkpoint: Checkpoint, parameters: Vector, classNames: [String], inParallel: Checkpoint.Parallel
  ) throws(CheckpointError) -> String {
    try checkpoint.readParameters(CheckpointLayout(self), into: parameters, inParallel: inParallel)
    return ""
  }

  public func evaluation(
    beside source: any ImageSource, placement: VirtualWorkerPlacement
  ) throws -> (any EpochEvaluation)? { nil }

  public func evaluationBytes(_ placement: VirtualWorkerPlacement) -> Int { 0 }

  public var averageDecay: Double? { nil }

  public var surveyCount: Int { 0 }

  public func survey(parameters: Vector, rounded: VectorView<BFloat16>, memory: Memory, sums: VectorView<Double>) {}

  public func take(_ total: (_ index: Int) -> Double, ofImages images: Int, into memory: Memory) {}

  public func updateBuffers(of parameters: Vector, memory: Memory) {}

  /// Weight decay for the tensors that the table says, and one learning rate for all.
  public var parameterGroups: [ParameterGroup] {
    table.optimizerGroups(weightDecay: configuration.train.weightDecay)
  }
}

extension ParameterTable {
  /// A group for each tensor, with weight decay for those that are decayed.
  public func optimizerGroups(weightDecay: Double) -> [ParameterGroup] {
    specs.filter { !$0.isBuffer }.map { ParameterGroup(range: $0.range, weightDecay: $0.isDecayed ? weightDecay : 0) }
  }
}

/// The memory of one thread; it belongs to one at a time, which makes it safe to hand to a thread.
public protocol TaskMemory: AnyObject, Sendable {
  /// The input: normalised values, a row for each image, plane after plane.
  var images: Matrix { get }
}

/// What the memory of a replica's threads is to be good for.
public struct MemoryNeed: Sendable {
  /// Threads, each with a memory of its own.
  public let threads: Int
  /// Images of a virtual worker.
  public let images: Int
  /// Virtual workers of a thread, one after another.
  public let rounds: Int
  /// Whether what the gradient held is of no use when forward begins, so that activations may lie in it until their group
  /// is written: where one round does the step. With several rounds it holds the sum of those before.
  public let gradientIsFree: Bool
  /// Whether all that forward leaves is looked at after it.
  public let keepsActivations: Bool

  public init(_ placement: VirtualWorkerPlacement, keepsActivations: Bool = false) {
    threads = placement.threads
    images = placement.imagesPerVirtualWorker
    rounds = placement.rounds
    gradientIsFree = placement.rounds == 1
    self.keepsActivations = keepsActivations
  }
}
