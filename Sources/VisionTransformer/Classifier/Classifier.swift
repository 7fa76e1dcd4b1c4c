import Compute
import Parameters

/// A vision transformer that tells classes apart: an encoder that sees every patch, one vector an image (the cls token, or
/// the mean of the patches' tokens), a norm, and a linear layer (Dosovitskiy et al. 2021; He et al. 2022, Appendix A.1).
///
/// It holds what is fixed: the configuration, the tables, the positions, and the parameters that are not trained. Those that
/// are come from outside, activations go to a `ClassifierWorkspace`, so any number of threads can use one classifier at once.
public final class Classifier: Sendable {
  public let configuration: ClassifierConfiguration
  /// What is added to the tokens, [1 + L, D].
  public let positions: [Float]
  let places: ClassifierPlaces
  private let trunk: EncoderTrunk
  private let frozen: AlignedBuffer<Float>
  private let frozenRounded: AlignedBuffer<BFloat16>

  /// - Parameters:
  ///   - positions: the cls token's row first; nil for the sine-cosine table.
  ///   - precision: what products take.
  ///   - fillFrozen: fills the arena of the parameters that are not trained, whose table it is given.
  public init(
    _ configuration: ClassifierConfiguration, positions: [Float]? = nil, precision: Precision = .fp32,
    fillFrozen: (ParameterTable, Vector) throws -> Void = { _, _ in }
  ) rethrows {
    let encoder = configuration.encoder
    let positions =
      positions ?? sineCosinePositions(grid: encoder.patches.grid, width: encoder.transformer.width)
    self.configuration = configuration
    self.positions = positions
    places = ClassifierPlaces(configuration)
    trunk = EncoderTrunk(encoder, places: places.trunk, positions: positions)
    let table = places.tables.frozen
    let frozen = AlignedBuffer<Float>(repeating: 0, count: table.arenaCount)
    try fillFrozen(table, frozen.all)
    let rounded = AlignedBuffer<BFloat16>(
      repeating: BFloat16(0), count: precision == .bf16 ? table.arenaCount : 0)
    if precision == .bf16 { convert(output: rounded.all, input: frozen.all) }
    self.frozen = frozen
    frozenRounded = rounded
  }

  /// What is trained, and what is not.
  public var tables: SplitTables { places.tables }
  /// The arena of what is not trained.
  public var frozenParameters: Vector { frozen.all }

  /// The logits of the images, into `workspace.logits`.
  ///
  /// - Parameters:
  ///   - parameters: the whole arena of what is trained.
  ///   - rounded: the same in bfloat16, for a workspace in that precision.
  ///   - dropsPaths: whether the branches are multiplied by `workspace.branches`.
  public func classify(
    parameters: Vector, rounded: VectorView<BFloat16>, workspace: ClassifierWorkspace, dropsPaths: Bool = false
  ) {
    let branches = dropsPaths ? workspace.branches : nil
    switch workspace.views.trunk {
    case .fp32(let saved): encode(weights(parameters), workspace, saved, branches)
    case .bf16(let saved): encode(weights(parameters, rounded), workspace, saved, branches)
    }
    normalizeByRunningStatistics(parameters: parameters, workspace: workspace)
    tell(parameters: parameters, workspace: workspace)
  }

  /// The images' features before any normalisation over a batch, into the workspace.
  func encode(parameters: Vector, rounded: VectorView<BFloat16>, workspace: ClassifierWorkspace) {
    switch workspace.views.trunk {
    case .fp32(let saved): encode(weights(parameters), workspace, saved, nil)
    case .bf16(let saved): encode(weights(parameters, rounded), workspace, saved, nil)
    }
  }

  /// The logits of features.
  func tell(parameters: Vector, workspace: ClassifierWorkspace) {
    let (head, weights) = (workspace.views.head, weights(parameters))
    linearForward(
      output: head.logits, input: head.features, weight: weights.floatMatrix(places.head),
      bias: weights.bias(places.head))
  }

  /// The loss of the logits, which it uses up: the cross-entropy −Σ t · log p of each image. Its gradient with respect to the
  /// logits is then in the workspace.
  ///
  /// - Returns: the sum over the images, from the first to the last, and the images whose largest logit is that of their
  ///   label.
  public func loss(_ workspace: ClassifierWorkspace) -> (sum: Double, correct: Int) {
    crossEntropy(workspace)
  }

  /// The gradient of the sum that `loss` returned, group after group of what is trained, last to first.
  ///
  /// - Parameters: as for `classify`, which was the last to use the workspace.
  public func backward(
    parameters: Vector, rounded: VectorView<BFloat16>, workspace: ClassifierWorkspace, dropsPaths: Bool = false,
    receiver: any GradientReceiver
  ) {
    let branches = dropsPaths ? workspace.branches : nil
    let gradients = GroupGradients(of: places.tables.trained, to: receiver)
    switch workspace.views.trunk {
    case .fp32(let saved): backward(weights(parameters), workspace.views.head, saved, branches, gradients)
    case .bf16(let saved): backward(weights(parameters, rounded), workspace.views.head, saved, branches, gradients)
    }
  }

  private func weights(_ parameters: Vector) -> ModelWeights<Float> {
    ModelWeights(floats: parameters, stored: parameters, frozen: (frozen.all, frozen.all))
  }

  private func weights(_ parameters: Vector, _ rounded: VectorView<BFloat16>) -> ModelWeights<BFloat16> {
    ModelWeights(floats: parameters, stored: rounded, frozen: (frozen.all, frozenRounded.all))
  }

  private func encode<Element: StoredElement>(
    _ weights: ModelWeights<Element>, _ workspace: ClassifierWorkspace, _ saved: TrunkActivations<Element>,
    _ branches: BranchScales?
  ) {
    let head = workspace.views.head
    trunk.forward(
      images: workspace.images, order: workspace.views.patchOrder, weights: weights, saved: saved, branches: branches)
    pool(saved.stack.output, into: head.pooled)
    layerNormForward(
      output: head.features, mean: head.norm.mean, inverseDeviation: head.norm.inverseDeviation, input: head.pooled,
      weight: weights[places.norm.weight], bias: weights[places.norm.bias], epsilon: trunk.epsilon)
  }

  private func backward<Element: StoredElement>(
    _ weights: ModelWeights<Element>, _ head: HeadActivations, _ saved: TrunkActivations<Element>,
    _ branches: BranchScales?, _ gradients: GroupGradients
  ) {
    gradients.write(places.headGroup) { gradients in
      linearBackward(
        weightGradient: places.head.weight(in: gradients), biasGradient: places.head.bias(in: gradients),
        outputGradient: head.logitGradient, input: head.features)
      guard places.trainsNorm else { return }
      linearBackward(
        inputGradient: head.featureGradient, outputGradient: head.logitGradient,
        weight: weights.floatMatrix(places.head))
      clear(head.pooledGradient.flat)
      head.norm.backward(
        inputGradient: head.pooledGradient, outputGradient: head.featureGradient, input: head.pooled,
        place: places.norm, weights: weights, gradients: gradients)
    }
    guard places.trainsNorm else { return }
    spread(head.pooledGradient, over: saved.stack.outputGradient)
    trunk.backward(weights: weights, saved: saved, gradients: gradients, branches: branches)
  }

  /// - Parameters:
  ///   - stream: [images·(1 + L), D], the cls token first.
  ///   - output: [images, D].
  private func pool(_ stream: Matrix, into output: Matrix) {
    let tokens = stream.rows / output.rows
    for image in 0..<output.rows {
      let rows = stream.rows(image * tokens..<(image + 1) * tokens)
      switch configuration.pooling {
      case .cls: copyRows(output: output.rows(image..<image + 1), input: rows.rows(0..<1))
      case .mean:
        sumRows(output: output.row(image), input: rows.rows(1..<tokens))
        scaleRows(of: output.rows(image..<image + 1), by: 1 / Float(tokens - 1))
      }
    }
  }

  /// The gradient of `pool`: overwrites that of the stream.
  private func spread(_ gradient: Matrix, over stream: Matrix) {
    let tokens = stream.rows / gradient.rows
    clear(stream.flat)
    for image in 0..<gradient.rows {
      let rows = stream.rows(image * tokens..<(image + 1) * tokens)
      switch configuration.pooling {
      case .cls: copyRows(output: rows.rows(0..<1), input: gradient.rows(image..<image + 1))
      case .mean:
        scaleRows(of: gradient.rows(image..<image + 1), by: 1 / Float(tokens - 1))
        fillRows(of: rows.rows(1..<tokens), with: gradient.row(image))
      }
    }
  }
}
