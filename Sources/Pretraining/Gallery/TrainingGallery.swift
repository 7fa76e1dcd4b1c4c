import Compute
import Datasets
import Files
import Imaging
import MaskedAutoencoder
import Reporting
import Training

/// Paints the same images under the same masks again and again while a model is trained, so that its progress can be seen:
/// `gallery/epoch-0010.png` in the run directory, which TensorBoard and the report show too.
///
/// Rank 0 paints, on the threads that take the steps; the others go on to wait for it in what they do together next. It reads
/// the parameters and draws no random number of the run's, so that no bit of the run depends on it.
final class TrainingGallery: EpochEvaluation {
  let data: [EvaluationData]
  private let configuration: PretrainingConfiguration
  private let model: MaskedAutoencoder
  private let source: any ImageSource
  /// One for each thread.
  private let workspaces: [Workspace]
  /// The images that could be read, normalised, with their numbers in the data set; nil before the first gallery.
  private var images: [(sample: Int, values: [Float])]?

  /// - Parameters:
  ///   - held: images that are not trained on; nil where there are none.
  ///   - trained: those that are, which are shown then.
  init?(
    _ configuration: PretrainingConfiguration, model: MaskedAutoencoder, held: EvaluationData?,
    trained: any ImageSource, threads: Int
  ) throws {
    let count = configuration.gallery.count
    guard count > 0 else { return nil }
    self.configuration = configuration
    self.model = model
    data = held.map { [$0] } ?? []
    source = held?.source ?? trained
    try source.requireChannels(configuration.model.channels)
    workspaces = (0..<Self.painters(configuration, threads: threads)).map { _ in
      Workspace(model: configuration.model, imageCount: 1, painting: .all)
    }
  }

  /// Each has the memory of a whole forward pass, which is not worth having for what is done a few times in a run.
  private static let mostPainters = 4

  private static func painters(_ configuration: PretrainingConfiguration, threads: Int) -> Int {
    min(threads, configuration.gallery.count, mostPainters)
  }

  /// What its memory takes, in bytes.
  static func byteCount(_ configuration: PretrainingConfiguration, threads: Int) -> Int {
    let count = painters(configuration, threads: threads)
    guard count > 0 else { return 0 }
    let memory = WorkspaceMemory(model: configuration.model, imageCount: 1, painting: .all)
    let values = configuration.gallery.count * configuration.model.imageValues * MemoryLayout<Float>.stride
    return count * memory.ownBytes + values
  }

  func isDue(afterEpoch epoch: Int, of epochs: Int) -> Bool {
    configuration.gallery.isDue(afterEpoch: epoch, of: epochs)
  }

  /// A gallery that cannot be written is no reason to stop training.
  func evaluate(_ state: EvaluationState) -> [MetricValue] {
    guard state.communicator.rank == 0 else { return [] }
    do {
      let images = try readImages()
      guard !images.isEmpty else {
        state.warn("no image of the gallery can be read; gallery.path names others, gallery.count=0 turns it off")
        return []
      }
      let painted = paint(images, with: state)
      state.advance()
      let beginning = "After epoch \(state.epoch): \(data.isEmpty ? "images that are trained on" : "held-out images")"
      let gallery = LabelledGallery(
        titles: PaintedImage.titles, rows: painted.map(\.tiles), lines: configuration.model.paintingLegend(beginning))
      try PosixFileSystem().createDirectories(state.runDirectory.galleries)
      try gallery.image.writePNG(to: state.runDirectory.gallery(ofEpoch: state.epoch))
    } catch {
      state.warn("the gallery of epoch \(state.epoch) could not be made: \(error)")
    }
    return []
  }

  private func readImages() throws -> [(sample: Int, values: [Float])] {
    if let images { return images }
    let shape = configuration.imageShape
    let planar = PlanarImage(shape: shape, kind: source.sampleKind)
    defer { extendLifetime(planar) }
    let normalized = AlignedBuffer<Float>(repeating: 0, count: shape.count)
    defer { extendLifetime(normalized) }
    var resizer = Resizer()
    var read: [(sample: Int, values: [Float])] = []
    let count = min(configuration.gallery.count, source.count)
    for index in 0..<count {
      let sample = index * source.count / count
      do throws(DatasetError) {
        try source.writeCenter(
          of: sample, CenterCrop(keptFraction: 1), alpha: configuration.data.alpha, into: planar, using: &resizer)
      } catch {
        // Whoever trains on it is told of it.
        guard case .badImage = error else { throw error }
        continue
      }
      configuration.data.normalization.apply(to: planar.pixels, into: normalized.all)
      read.append((sample, normalized.all.array))
    }
    images = read
    return read
  }

  private func paint(_ images: [(sample: Int, values: [Float])], with state: EvaluationState) -> [PaintedImage] {
    let (model, workspaces, configuration) = (model, workspaces, configuration)
    let (parameters, seed) = (state.parameters, configuration.train.seed)
    let painted = Monitor<[Int: PaintedImage]>([:])
    state.pool.run { worker in
      guard worker < workspaces.count else { return }
      let workspace = workspaces[worker]
      for index in stride(from: worker, to: images.count, by: workspaces.count) {
        let row = workspace.images.row(0)
        for (place, value) in images[index].values.enumerated() { row[place] = value }
        maskNoise(
          output: workspace.noise.row(0), for: configuration.model, seed: seed, epoch: 0, sample: images[index].sample)
        model.paint(parameters: parameters, workspace: workspace)
        let image = PaintedImage(
          of: workspace, model: configuration.model, normalization: configuration.data.normalization)
        painted.withLock { $0[index] = image }
      }
    }
    return painted.withLock { painted in images.indices.map { painted[$0]! } }
  }
}
