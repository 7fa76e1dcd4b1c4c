import Compute

/// A masked autoencoder (He et al., "Masked Autoencoders Are Scalable Vision Learners", CVPR 2022).
///
/// It holds what is fixed: the configuration, the parameter table and the position tables. Parameters come from
/// outside, activations go to a `Workspace`, so any number of workers can use one model at once.
public final class MaskedAutoencoder: Sendable {
  public let configuration: ModelConfiguration
  public var table: ParameterTable { layout.table }
  public let positions: PositionTables
  let layout: ModelLayout
  private let encoder: Encoder
  private let decoder: Decoder
  private let encoderPositions: AlignedBuffer<Float>
  private let decoderPositions: AlignedBuffer<Float>

  /// - Parameter positions: for weights that others trained with their own tables; nil for the sine-cosine ones.
  public init(_ configuration: ModelConfiguration, positions: PositionTables? = nil) {
    let positions = positions ?? PositionTables(sineCosineOf: configuration)
    let tokens = 1 + configuration.patchCount
    precondition(positions.encoder.count == tokens * configuration.encoder.width, "encoder's position table")
    precondition(positions.decoder.count == tokens * configuration.decoder.width, "decoder's position table")
    self.configuration = configuration
    self.positions = positions
    layout = ModelLayout(configuration)
    encoder = Encoder(configuration, layout: layout)
    decoder = Decoder(configuration, layout: layout)
    encoderPositions = AlignedBuffer(positions.encoder)
    decoderPositions = AlignedBuffer(positions.decoder)
  }

  /// Encodes the visible patches, paints the removed ones, and takes the loss.
  ///
  /// - Parameters:
  ///   - parameters: the whole arena.
  ///   - rounded: the same in bfloat16, for a workspace in that precision.
  ///   - workspace: `images` and `noise` hold the input.
  /// - Returns: the sum over the images of each one's mean squared error over its removed patches. Its gradient with
  ///   respect to `workspace.predictions` has taken their place.
  public func forward(
    parameters: Vector, rounded: VectorView<BFloat16>? = nil, workspace: Workspace
  ) -> Double {
    precondition(workspace.painting == .removed, "the loss is over the removed patches alone")
    paint(parameters: parameters, rounded: rounded, workspace: workspace)
    return reconstructionLoss(
      predictions: workspace.predictions, targets: workspace.targets, rowsPerImage: configuration.maskedCount)
  }

  /// Encodes the visible patches and paints the patches that the workspace was made for into `workspace.predictions`.
  public func paint(parameters: Vector, rounded: VectorView<BFloat16>? = nil, workspace: Workspace) {
    let masked = configuration.maskedCount
    for image in 0..<workspace.imageCount {
      let order = workspace.patchOrder.row(image)
      patchOrder(output: order, noise: workspace.noise.row(image))
      gatherTargets(
        output: workspace.targets.rows(image * masked..<(image + 1) * masked),
        image: workspace.images.row(image), order: order[configuration.visibleCount..<order.count],
        model: configuration)
    }
    switch workspace.kept {
    case .fp32(let encoder, let decoder):
      paint(weights: ModelWeights(floats: parameters, stored: parameters), workspace, encoder, decoder)
    case .bf16(let encoder, let decoder):
      paint(weights: ModelWeights(floats: parameters, stored: rounded!), workspace, encoder, decoder)
    }
  }

  private func paint<Element: StoredElement>(
    weights: ModelWeights<Element>, _ workspace: Workspace, _ encoding: EncoderActivations<Element>,
    _ decoding: DecoderActivations<Element>
  ) {
    let visible = configuration.visibleCount
    for image in 0..<workspace.imageCount {
      gatherPatches(
        output: encoding.patches.rows(image * visible..<(image + 1) * visible),
        image: workspace.images.row(image), order: workspace.patchOrder.row(image)[0..<visible],
        model: configuration)
    }
    encoder.forward(
      order: workspace.patchOrder, positions: positions(encoderPositions, width: configuration.encoder.width),
      weights: weights, saved: encoding)
    decoder.forward(
      latent: encoding.latent, order: workspace.patchOrder,
      positions: positions(decoderPositions, width: configuration.decoder.width), weights: weights, saved: decoding)
  }

  /// The gradient of the sum that `forward` returned, layer group after layer group, last to first.
  public func backward(
    parameters: Vector, rounded: VectorView<BFloat16>? = nil, workspace: Workspace, receiver: some GradientReceiver
  ) {
    switch workspace.kept {
    case .fp32(let encoder, let decoder):
      backward(ModelWeights(floats: parameters, stored: parameters), workspace, encoder, decoder, receiver)
    case .bf16(let encoder, let decoder):
      backward(ModelWeights(floats: parameters, stored: rounded!), workspace, encoder, decoder, receiver)
    }
  }

  private func backward<Element: StoredElement>(
    _ weights: ModelWeights<Element>, _ workspace: Workspace, _ encoding: EncoderActivations<Element>,
    _ decoding: DecoderActivations<Element>, _ receiver: some GradientReceiver
  ) {
    let gradients = GroupGradients(table: table, receiver: receiver)
    decoder.backward(
      latentGradient: workspace.latentGradient, latent: encoding.latent, weights: weights, saved: decoding,
      gradients: gradients)
    encoder.backward(
      latentGradient: workspace.latentGradient, weights: weights, saved: encoding, gradients: gradients)
  }

  /// Encodes whole images: every patch is visible. The result is `workspace.latent`.
  public func encode(parameters: Vector, workspace: EncodingWorkspace) {
    let model = workspace.model
    let count = model.patchCount
    for image in 0..<workspace.imageCount {
      gatherPatches(
        output: workspace.encoder.patches.rows(image * count..<(image + 1) * count),
        image: workspace.images.row(image), order: workspace.patchOrder.row(image), model: model)
    }
    Encoder(model, layout: layout).forward(
      order: workspace.patchOrder,
      positions: positions(encoderPositions, width: model.encoder.width),
      weights: ModelWeights(floats: parameters, stored: parameters),
      saved: workspace.encoder)
  }

  private func positions(_ buffer: borrowing AlignedBuffer<Float>, width: Int) -> Matrix {
    buffer.all.reshaped(rows: 1 + configuration.patchCount, columns: width)
  }
}
