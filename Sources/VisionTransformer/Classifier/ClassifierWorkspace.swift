import Compute

/// All memory that forward and backward of a classifier over a fixed number of images take, whose places a
/// ``ClassifierMemoryPlan`` decided.
///
/// A workspace belongs to one thread at a time.
public final class ClassifierWorkspace: @unchecked Sendable {
  public let imageCount: Int
  /// The workspaces that are used at once.
  public let threads: Int
  /// The input: normalised values, [images, C·H·W], plane after plane. The caller fills it.
  public var images: Matrix { views.images }
  /// The class of each image, [images]; for the share that is classed rightly. The caller fills it.
  public var labels: VectorView<Int> { views.labels }
  /// What is to be said of each image, rows that add up to 1: [images, classes]. The caller fills it.
  public var targets: Matrix { views.targets }
  /// The scales of the blocks' branches. The caller fills them, where there are to be any.
  public var branches: BranchScales { views.branches }
  /// What `classify` made of the images, [images, classes]. Used up by the loss.
  public var logits: Matrix { views.head.logits }
  /// Which of a thread's virtual workers the images are of, where batches are normalised. The caller sets it.
  public var round = 0
  let views: ClassifierViews
  private let memory: AlignedBuffer<Float>

  /// - Parameters:
  ///   - plan: says what the workspace holds, and where.
  ///   - thread: which of its workspaces this is.
  ///   - gradient: the arena that activations may lie in, where `plan` uses it.
  public init(_ plan: ClassifierMemoryPlan, thread: Int = 0, gradient: Vector? = nil) {
    imageCount = plan.shape.images
    threads = plan.map.places.count
    memory = AlignedBuffer(repeating: 0, count: plan.map.ownCounts[thread])
    let (own, places) = (memory.all, plan.map.places[thread])
    var sections = SectionAllocator { section in
      switch places[section] {
      case .lent(let range): gradient![range]
      case .own(let range): own[range]
      }
    }
    views = plan.shape.views(&sections)
    for image in 0..<imageCount {
      for patch in 0..<views.patchOrder.columns { views.patchOrder[image, patch] = patch }
    }
  }

  /// What the last forward pass left, in the order of its making.
  public var activations: [Activation] {
    let trunk =
      switch views.trunk {
      case .fp32(let trunk): trunk.all(images: imageCount)
      case .bf16(let trunk): trunk.all(images: imageCount)
      }
    return [Activation("images", images, images: imageCount)] + trunk
      + [
        Activation("pooled", views.head.pooled, images: imageCount),
        Activation("features", views.head.features, images: imageCount),
      ]
  }

  /// The gradient of the logits, after the loss: [images, classes].
  public var logitGradient: Matrix { views.head.logitGradient }
}

/// Where the workspaces of several threads put what they hold, decided once for all steps.
public struct ClassifierMemoryPlan: Sendable {
  let shape: ClassifierShape
  let map: MemoryMap

  /// - Parameters:
  ///   - hasBackward: whether there is a backward pass; without one far less is kept.
  ///   - recompute: what is computed again in backward and not kept.
  ///   - threads: each has a workspace of its own, and all are used at once.
  ///   - usesGradient: whether activations may lie in the gradient, an arena of what is trained.
  ///   - rounds: virtual workers of a thread, whose features are kept where batches are normalised.
  public init(
    _ classifier: ClassifierConfiguration, imageCount: Int, hasBackward: Bool = true, precision: Precision = .fp32,
    recompute: Recompute = .none, threads: Int = 1, usesGradient: Bool = false, rounds: Int = 1
  ) {
    let places = ClassifierPlaces(classifier)
    let stages = ClassifierStages(places, hasBackward: hasBackward)
    shape = ClassifierShape(
      classifier: classifier, images: imageCount, rounds: rounds, precision: precision, recompute: recompute,
      stages: stages)
    var sections = SectionAllocator.measuring
    _ = shape.views(&sections)
    map = MemoryMap(
      sections.buffers, users: threads, loans: usesGradient ? stages.timeline.loans(of: places.tables.trained) : [])
  }

  /// The bytes that the workspaces take beside the gradient.
  public var ownBytes: Int { map.ownCounts.reduce(0, +) * MemoryLayout<Float>.stride }
}

/// What decides which views a workspace has, and how large they are.
struct ClassifierShape: Sendable {
  let classifier: ClassifierConfiguration
  let images: Int
  let rounds: Int
  let precision: Precision
  let recompute: Recompute
  let stages: ClassifierStages

  /// Written once, for measuring and for handing out.
  func views(_ sections: inout SectionAllocator) -> ClassifierViews {
    let encoder = classifier.encoder
    let timeline = stages.timeline
    // What the caller fills stays there for the next step, which may take it once more.
    let (images, labels, targets, patchOrder, branches) = sections.section(during: timeline.whole) { allocator in
      (
        allocator.matrix(self.images, encoder.patches.imageValues), allocator.vector(self.images, of: Int.self),
        allocator.matrix(self.images, classifier.classes),
        allocator.matrix(self.images, encoder.patches.count, of: Int.self),
        allocator.matrix(2 * encoder.transformer.depth, self.images)
      )
    }
    let batch = sections.section(during: timeline.whole) { allocator in
      BatchActivations(
        rows: classifier.normalizesBatch ? rounds * self.images : 0, width: encoder.transformer.width, &allocator)
    }
    let trunk: ClassifierViews.Trunk =
      switch precision {
      case .fp32: .fp32(self.trunk(&sections))
      case .bf16: .bf16(self.trunk(&sections))
      }
    let head = sections.section(during: timeline.kept(from: stages.head)) {
      HeadActivations(images: self.images, classifier, &$0)
    }
    return ClassifierViews(
      images: images, labels: labels, targets: targets, patchOrder: patchOrder, branches: BranchScales(branches),
      trunk: trunk, head: head, batch: batch)
  }

  private func trunk<Element: StoredElement>(_ sections: inout SectionAllocator) -> TrunkActivations<Element> {
    TrunkActivations(
      images: images, seenCount: classifier.encoder.patches.count, encoder: classifier.encoder, recompute: recompute,
      stages: stages.trunk, after: stages.head, timeline: stages.timeline, &sections)
  }
}

/// The views of a workspace; `ClassifierWorkspace` says what they are.
struct ClassifierViews {
  enum Trunk {
    case fp32(TrunkActivations<Float>)
    case bf16(TrunkActivations<BFloat16>)
  }

  let images: Matrix
  let labels: VectorView<Int>
  let targets: Matrix
  /// The patches as they lie: [images, L].
  let patchOrder: MatrixView<Int>
  let branches: BranchScales
  let trunk: Trunk
  let head: HeadActivations
  let batch: BatchActivations
}

/// What batch normalisation needs from the first look at a step's images to their training.
struct BatchActivations {
  /// The norm's output for all of a thread's virtual workers: [rounds·images, D].
  let features: Matrix
  /// Over the global batch, and 1/√(σ² + ε) of the biased variance.
  let mean: Vector
  let inverseDeviation: Vector
  let unbiasedVariance: Vector

  init(rows: Int, width: Int, _ allocator: inout ArenaAllocator) {
    features = allocator.matrix(rows, width)
    mean = allocator.vector(width)
    inverseDeviation = allocator.vector(width)
    unbiasedVariance = allocator.vector(width)
  }
}

/// What pooling, norm, linear layer and loss leave, all in single precision.
struct HeadActivations {
  /// [images, D], and its gradient.
  let pooled: Matrix
  let pooledGradient: Matrix
  let norm: NormStatistics
  /// The norm's output, [images, D], and its gradient.
  let features: Matrix
  let featureGradient: Matrix
  /// [images, classes]; the rows are padded to whole blocks of sixteen, which softmax works on.
  let logits: Matrix
  let logitGradient: Matrix
  /// Of each image's logits, and 1 / Σ e^(z − maximum).
  let maxima: Vector
  let inverseSums: Vector

  init(images: Int, _ classifier: ClassifierConfiguration, _ allocator: inout ArenaAllocator) {
    let width = classifier.encoder.transformer.width
    pooled = allocator.matrix(images, width)
    pooledGradient = allocator.matrix(images, width)
    norm = NormStatistics(rows: images, &allocator)
    features = allocator.matrix(images, width)
    featureGradient = allocator.matrix(images, width)
    let stride = (classifier.classes + 15) / 16 * 16
    logits = allocator.matrix(images, stride).columns(0..<classifier.classes)
    logitGradient = allocator.matrix(images, stride).columns(0..<classifier.classes)
    maxima = allocator.vector(images)
    inverseSums = allocator.vector(images)
  }
}
