import Collectives
import Compute
import Datasets
import Evaluation
import Imaging
import MaskedAutoencoder
import Training

/// The loss that training minimises, over images that it does not see, with the same masks each time.
///
/// Threads take images one after another; each image's loss is its own, and they are added up in the order of the images: no bit
/// depends on ranks and threads.
final class HeldOutReconstruction {
  struct Losses {
    var model = 0.0
    /// Of predicting each removed patch's mean, and of filling in from the visible patches.
    var patchMeans = 0.0
    var interpolated = 0.0
  }

  private let model: MaskedAutoencoder
  private let input: ImageInput
  private let source: any ImageSource
  private let seed: UInt64
  private let precision: Precision
  /// Images of one call's worth of work of a rank.
  private let imagesPerThread = 32

  init(_ task: MaskedAutoencoding, source: any ImageSource) {
    model = task.model
    input = task.imageInput
    self.source = source
    seed = task.configuration.train.seed
    precision = task.configuration.train.precision
  }

  /// The bytes that a thread takes.
  static func bytes(_ configuration: PretrainingConfiguration) -> Int {
    WorkspaceMemory(model: configuration.model, imageCount: 1, precision: configuration.train.precision).ownBytes
  }

  /// The means over all images that can be used. All ranks call it.
  ///
  /// - Parameters:
  ///   - withBaselines: whether to count what knowing nothing costs, which is the same each time.
  ///   - badImages: says how many may be left out. Which they are, whoever takes features of them says.
  func losses(_ state: EvaluationState, withBaselines: Bool, badImages: BadImagePolicy) throws -> Losses {
    let threads = (0..<state.pool.count).map { _ in
      ReconstructionThread(model, input, source, seed: seed, precision: precision)
    }
    let communicator = state.communicator
    let mine =
      source.count * communicator.rank / communicator.size..<source.count * (communicator.rank + 1)
      / communicator.size
    let most = Int(try communicator.allgather([Double(mine.count)]).map { $0[0] }.max()!)
    let step = imagesPerThread * Int(try communicator.allgather([Double(state.pool.count)]).map { $0[0] }.min()!)
    var numbers: [Double] = []
    // All ranks go the same number of rounds, whatever their shares.
    for offset in stride(from: 0, to: most, by: step) {
      let range = min(mine.upperBound, mine.lowerBound + offset)..<min(mine.upperBound, mine.lowerBound + offset + step)
      let found = try communicator.together {
        try look(at: range, state, threads, withBaselines: withBaselines)
      }
      numbers += found
      state.advance()
    }
    var losses = Losses()
    let all = try communicator.allgather(numbers).flatMap { $0 }
    let count = all.count / Self.numberCount
    try communicator.together {
      guard Double(source.count - count) <= badImages.allowedFraction * Double(source.count), count > 0 else {
        throw TooManyBadImages(found: source.count - count, askedFor: source.count, badImages)
      }
    }
    for start in stride(from: 0, to: all.count, by: Self.numberCount) {
      losses.model += all[start]
      losses.patchMeans += all[start + 1]
      losses.interpolated += all[start + 2]
    }
    losses.model /= Double(count)
    losses.patchMeans /= Double(count)
    losses.interpolated /= Double(count)
    return losses
  }

  private static let numberCount = 3

  private func look(
    at range: Range<Int>, _ state: EvaluationState, _ threads: [ReconstructionThread], withBaselines: Bool
  ) throws(DatasetError) -> [Double] {
    let next = Monitor(range.lowerBound)
    let found = Monitor([Int: Result<Losses, DatasetError>]())
    let (parameters, rounded) = (state.parameters, state.rounded)
    state.pool.run { worker in
      while true {
        let index = next.withLock { next in
          defer { next += 1 }
          return next
        }
        guard index < range.upperBound else { return }
        let result = threads[worker].look(
          at: index, parameters: parameters, rounded: rounded, withBaselines: withBaselines)
        found.withLock { $0[index] = result }
      }
    }
    var numbers: [Double] = []
    let results = found.withLock { $0 }
    for index in range {
      switch results[index]! {
      case .success(let losses): numbers += [losses.model, losses.patchMeans, losses.interpolated]
      case .failure(.badImage): break
      case .failure(let error): throw error
      }
    }
    return numbers
  }
}

/// One thread's memory.
private final class ReconstructionThread: @unchecked Sendable {
  private let model: MaskedAutoencoder
  private let input: ImageInput
  private let source: any ImageSource
  private let seed: UInt64
  private let workspace: Workspace
  private let pixels: PlanarImage
  private var resizer = Resizer()

  init(
    _ model: MaskedAutoencoder, _ input: ImageInput, _ source: any ImageSource, seed: UInt64, precision: Precision
  ) {
    (self.model, self.input, self.source, self.seed) = (model, input, source, seed)
    workspace = Workspace(model: model.configuration, imageCount: 1, precision: precision)
    pixels = PlanarImage(shape: input.shape, kind: source.sampleKind)
  }

  func look(
    at index: Int, parameters: Vector, rounded: VectorView<BFloat16>, withBaselines: Bool
  ) -> Result<HeldOutReconstruction.Losses, DatasetError> {
    do throws(DatasetError) {
      try source.writeCenter(
        of: index, .usual(for: input.shape), alpha: input.alpha, into: pixels, using: &resizer)
    } catch {
      return .failure(error)
    }
    input.normalization.apply(to: pixels.pixels, into: workspace.images.row(0))
    maskNoise(output: workspace.noise.row(0), for: model.configuration, seed: seed, epoch: 0, sample: index)
    var losses = HeldOutReconstruction.Losses()
    losses.model = model.forward(parameters: parameters, rounded: rounded, workspace: workspace)
    if withBaselines {
      losses.patchMeans = meanSquareAroundRowMeans(workspace.targets)
      losses.interpolated = PatchInterpolation(model: model.configuration).loss(
        image: workspace.images.row(0), order: workspace.order[0], targets: workspace.targets)
    }
    return .success(losses)
  }
}
