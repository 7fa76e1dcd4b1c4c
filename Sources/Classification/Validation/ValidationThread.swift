import Compute
import Datasets
import Evaluation
import Imaging
import VisionTransformer

/// The classifier as it is tried.
struct TriedModel: Sendable {
  let parameters: Vector
  let rounded: VectorView<BFloat16>
}

/// One thread's part of a validation, and the memory that it works in.
final class ValidationThread: @unchecked Sendable {
  private let task: ImageClassification
  private let source: any ImageSource
  private let classes: ValidationClasses
  private let workspace: ClassifierWorkspace
  private let pixels: PlanarImage
  private var resizer = Resizer()

  init(
    _ task: ImageClassification, source: any ImageSource, classes: ValidationClasses, plan: ClassifierMemoryPlan
  ) {
    self.task = task
    self.source = source
    self.classes = classes
    workspace = ClassifierWorkspace(plan)
    pixels = PlanarImage(shape: task.configuration.imageShape, kind: source.sampleKind)
  }

  /// - Parameter images: as many as a unit has, or fewer in the last one; the rows of the others hold what is of no use, and
  ///   nobody asks for it.
  func classify(_ images: Range<Int>, _ model: TriedModel) -> [Int: Result<ImageOutcome, DatasetError>] {
    var outcomes: [Int: Result<ImageOutcome, DatasetError>] = [:]
    for (row, image) in images.enumerated() {
      do throws(DatasetError) {
        try load(image, into: workspace.images.row(row))
      } catch {
        outcomes[image] = .failure(error)
      }
    }
    task.classifier.classify(parameters: model.parameters, rounded: model.rounded, workspace: workspace)
    for (row, image) in images.enumerated() where outcomes[image] == nil {
      outcomes[image] = .success(outcome(of: image, logits: workspace.logits.row(row)))
    }
    return outcomes
  }

  private func load(_ image: Int, into input: Vector) throws(DatasetError) {
    let configuration = task.configuration
    try source.writeCenter(
      of: image, CenterCrop(keptFraction: configuration.validation.cropFraction), alpha: configuration.data.alpha,
      into: pixels, using: &resizer)
    configuration.data.normalization.apply(to: pixels.pixels, into: input)
  }

  private func outcome(of image: Int, logits: Vector) -> ImageOutcome {
    guard let label = source.label(of: image), let own = classes.places[label] else {
      preconditionFailure("the data was checked to have labels")
    }
    let values = classes.choices.map { Double(logits[$0]) }
    guard values.allSatisfy(\.isFinite) else { return ImageOutcome(loss: .nan, answer: nil) }
    let (answer, logSum) = ClassAnswer.softmax(values)
    return ImageOutcome(loss: logSum - values[own], answer: answer)
  }
}
