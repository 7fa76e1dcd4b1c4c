import Compute
import Parameters
import VisionTransformer

/// A masked autoencoder (He et al., "Masked Autoencoders Are Scalable Vision Learners", CVPR 2022).
///
/// It holds what is fixed: the configuration, the parameter table and the position tables. Parameters come from
/// outside, activations go to a `Workspace`, so any number of threads can use one model at once.
public final class MaskedAutoencoder: Sendable {
  public let configuration: ModelConfiguration
  /// The encoder's part, then the decoder's.
  public let table: ParameterTable
  public let positions: PositionTables
  public let encoder: Encoder
  private let decoder: Decoder

  /// - Parameter positions: for weights that others trained with their own tables; nil for the sine-cosine ones.
  public init(_ configuration: ModelConfiguration, positions: PositionTables? = nil) {
    let positions = positions ?? PositionTables(sineCosineOf: configuration)
    let places = ModelPlaces(configuration)
    self.configuration = configuration
    self.positions = positions
    table = places.table
    encoder = Encoder(configuration.encoderConfiguration, places: places.encoder, positions: positions.encoder)
    decoder = Decoder(configuration, places: places.decoder, positions: positions.decoder)
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
    encoder.forward(images: workspace.images, order: workspace.patchOrder, weights: weights, saved: encoding)
    decoder.forward(latent: encoding.latent, order: workspace.patchOrder, weights: weights, saved: decoding)
  }

  /// The gradient of the sum that `forward` returned, layer group after layer group, last to first.
  public func backward(
    parameters: Vector, rounded: VectorView<BFloat16>? = nil, workspace: Workspace, receiver: any GradientReceiver
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
    _ decoding: DecoderActivations<Element>, _ receiver: any GradientReceiver
  ) {
    let gradients = GroupGradients(of: table, to: receiver)
    decoder.backward(
      latentGradient: workspace.latentGradient, latent: encoding.latent, weights: weights, saved: decoding,
      gradients: gradients)
    encoder.backward(
      latentGradient: workspace.latentGradient, weights: weights, saved: encoding, gradients: gradients)
  }
}
