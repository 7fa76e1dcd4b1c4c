import Checkpoints
import Compute
import Datasets
import Evaluation
import MaskedAutoencoder
import Parameters
import Reporting
import Training

/// Pre-training: a masked autoencoder learns to paint what was removed of each image.
public struct MaskedAutoencoding: TrainingTask {
  public static let name = "pretraining"
  public static let title = "Masked autoencoder pre-training"
  public static let metrics: [Metric] = []

  public let configuration: PretrainingConfiguration
  public let model: MaskedAutoencoder
  private let normalization: Normalization

  /// - Parameter checkpoint: may hold position tables of its own; the sine-cosine ones otherwise.
  public init(_ configuration: PretrainingConfiguration, from checkpoint: Checkpoint? = nil) throws {
    self.configuration = configuration
    model = MaskedAutoencoder(
      configuration.model, positions: try checkpoint?.positions(for: configuration.model))
    normalization = configuration.data.normalization
  }

  public var table: ParameterTable { model.table }
  public var constants: [ConstantTensor] { model.constants }

  public var summary: String {
    let model = configuration.model
    let encoder = table.specs.filter { $0.layer <= model.encoder.depth && !$0.name.hasPrefix("decoder") }
      .reduce(0) { $0 + $1.range.count }
    return
      "\(inMillions(table.parameterCount)) parameters (encoder \(inMillions(encoder))), \(model.imageSize.height) x "
      + "\(model.imageSize.width) pixels, \(model.visibleCount) of \(model.patchCount) patches visible"
  }

  public static func check(_ source: any ImageSource, for configuration: PretrainingConfiguration) {}

  public func evaluation(
    beside source: any ImageSource, placement: VirtualWorkerPlacement
  ) throws -> (any EpochEvaluation)? {
    let test = configuration.evaluation.test
    let held = try (configuration.gallery.path ?? (test.isEmpty ? nil : test)).map { path in
      EvaluationData(path: path, source: try openSource(at: path, options: configuration.decodingOptions))
    }
    let gallery = try TrainingGallery(
      configuration, model: model, held: held, trained: source, threads: placement.rank == 0 ? placement.threads : 0)
    let figures = configuration.evaluation.test.isEmpty ? nil : try PretrainingEvaluation(self)
    return EpochEvaluations([figures, gallery], epochs: configuration.train.epochs)
  }

  public func evaluationBytes(_ placement: VirtualWorkerPlacement) -> Int {
    PretrainingEvaluation.bytes(configuration, threads: placement.threads)
      + TrainingGallery.byteCount(configuration, threads: placement.rank == 0 ? placement.threads : 0)
  }

  /// How images become what the model takes.
  var imageInput: ImageInput { configuration.imageInput }

  public func memories(_ need: MemoryNeed, gradient: Vector) -> [Workspace] {
    let memory = workspaceMemory(need)
    return (0..<need.threads).map { Workspace(memory, thread: $0, gradient: gradient) }
  }

  public func memoryBytes(_ need: MemoryNeed) -> Int { workspaceMemory(need).ownBytes }

  /// Where what forward leaves is looked at, later blocks must not have written over it.
  private func workspaceMemory(_ need: MemoryNeed) -> WorkspaceMemory {
    WorkspaceMemory(
      model: configuration.model, imageCount: need.images, precision: configuration.train.precision,
      recompute: need.keepsActivations ? .none : configuration.train.recompute, threads: need.threads,
      usesGradient: need.gradientIsFree)
  }

  public func load(_ images: Range<Int>, of batch: borrowing Batch, into workspace: Workspace) {
    for (row, image) in images.enumerated() {
      normalization.apply(to: batch.pixels(of: image), into: workspace.images.row(row))
      maskNoise(
        output: workspace.noise.row(row), for: configuration.model, seed: configuration.train.seed, epoch: batch.epoch,
        sample: batch.samples[image])
    }
  }

  public func forward(
    parameters: Vector, rounded: VectorView<BFloat16>, memory workspace: Workspace, metrics: VectorView<Double>
  ) -> Double {
    model.forward(parameters: parameters, rounded: rounded, workspace: workspace)
  }

  public func backward(
    parameters: Vector, rounded: VectorView<BFloat16>, memory workspace: Workspace, receiver: some GradientReceiver
  ) {
    model.backward(parameters: parameters, rounded: rounded, workspace: workspace, receiver: receiver)
  }

  public func showActivations(of workspace: Workspace, _ show: (_ name: String, _ values: Matrix) -> Void) {
    for activation in workspace.activations {
      show(activation.name, activation.values)
      extendLifetime(activation)
    }
    // The loss has put its gradient in the place of the predictions.
    show("decoder_pred.gradient", workspace.predictions)
  }
}

extension Workspace: TaskMemory {}
