import Compute

/// A masked autoencoder (He et al., "Masked Autoencoders Are Scalable Vision Learners", CVPR 2022).
///
/// It holds what is fixed: the configuration, the parameter table and the position tables. Parameters come from
/// outside, activations go to a `Workspace`, so any number of workers can use one model at once.
public final class MaskedAutoencoder: Sendable {
  public let configuration: ModelConfiguration
  public var table: ParameterTable { layout.table }
  let layout: ModelLayout
  private let encoder: Encoder
  private let decoder: Decoder
  private let encoderPositions: AlignedBuffer<Float>
  private let decoderPositions: AlignedBuffer<Float>

  public init(_ configuration: ModelConfiguration) {
    self.configuration = configuration
    layout = ModelLayout(configuration)
    encoder = Encoder(configuration, layout: layout)
    decoder = Decoder(configuration, layout: layout)
    encoderPositions = AlignedBuffer(
      sineCosinePositions(grid: configuration.grid, width: configuration.encoder.width))
    decoderPositions = AlignedBuffer(
      sineCosinePositions(grid: configuration.grid, width: configuration.decoder.width))
  }

  /// Encodes the visible patches, paints the removed ones, and takes the loss.
  ///
  /// - Returns: the sum over the images of each one's mean squared error over its removed patches. Its gradient with
  ///   respect to `workspace.predictions` has taken their place.
  public func forward(noise: [[Float]], parameters: Vector, workspace: Workspace) -> Double {
    paint(noise: noise, parameters: parameters, workspace: workspace)
    return reconstructionLoss(
      predictions: workspace.predictions, targets: workspace.targets, rowsPerImage: configuration.maskedCount)
  }

  /// Encodes the visible patches and paints the removed ones into `workspace.predictions`.
  ///
  /// - Parameters:
  ///   - noise: of each image, [L]: the patches of lowest noise stay visible.
  ///   - parameters: the whole arena.
  ///   - workspace: `images` holds the input.
  public func paint(noise: [[Float]], parameters: Vector, workspace: Workspace) {
    precondition(noise.count == workspace.imageCount, "one noise an image")
    let model = configuration
    let window = ArenaWindow(parameters)
    workspace.order = noise.map(patchOrder)
    for (image, order) in workspace.order.enumerated() {
      let (visible, masked) = (model.visibleCount, model.maskedCount)
      gatherPatches(
        output: workspace.encoder.patches.rows(image * visible..<(image + 1) * visible),
        image: workspace.images.row(image), order: order.prefix(visible), model: model)
      gatherTargets(
        output: workspace.targets.rows(image * masked..<(image + 1) * masked),
        image: workspace.images.row(image), order: order.suffix(masked), model: model)
    }
    encoder.forward(
      order: workspace.order, positions: positions(encoderPositions, width: model.encoder.width),
      parameters: window, saved: workspace.encoder)
    decoder.forward(
      latent: workspace.encoder.norm.output, order: workspace.order,
      positions: positions(decoderPositions, width: model.decoder.width),
      parameters: window, saved: workspace.decoder)
  }

  /// The gradient of the sum that `forward` returned, layer group after layer group, last to first.
  public func backward(parameters: Vector, workspace: Workspace, receiver: some GradientReceiver) {
    let window = ArenaWindow(parameters)
    decoder.backward(
      latentGradient: workspace.latentGradient, latent: workspace.encoder.norm.output,
      parameters: window, saved: workspace.decoder, receiver: receiver)
    encoder.backward(
      latentGradient: workspace.latentGradient, parameters: window, saved: workspace.encoder, receiver: receiver)
  }

  private func positions(_ buffer: borrowing AlignedBuffer<Float>, width: Int) -> Matrix {
    buffer.all.reshaped(rows: 1 + configuration.patchCount, columns: width)
  }
}
