import Compute

/// The patches whose pixels are predicted.
public enum Painting: Sendable {
  /// Those that the encoder did not see: what training needs.
  case removed
  /// All, in the order of `Workspace.order`: for those who want to look at them.
  case all
}

/// All memory that one worker's forward and backward pass over a fixed number of images take, laid out once.
///
/// A workspace belongs to one worker at a time; that is what makes it safe to hand to a thread.
public final class Workspace: @unchecked Sendable {
  public let imageCount: Int
  public let painting: Painting
  /// The input: normalised values, [images, C·H·W], plane after plane. The caller fills it.
  public let images: Matrix
  /// Which patches stay visible: of each image the ones of lowest noise, [images, L]. The caller fills it.
  public let noise: Matrix
  /// Of each image, its patches with the visible ones first, [images, L]. Set by `MaskedAutoencoder.forward`.
  let patchOrder: MatrixView<Int>
  /// The removed patches of each image in that order, values in the order (row, column, channel), normalised where the
  /// model asks for it: [images·removed, P·P·C].
  public let targets: Matrix
  let kept: ModelActivations
  let latentGradient: Matrix
  private let memory: AlignedBuffer<Float>

  /// The painted patches: where the removed ones are painted, of the same shape as `targets`; otherwise
  /// [images·L, P·P·C].
  public var predictions: Matrix {
    switch kept {
    case .fp32(_, let decoder): decoder.predictions
    case .bf16(_, let decoder): decoder.predictions
    }
  }

  /// What the encoder made of the visible patches: [images·(1 + N), D], the cls token first. Of a workspace in single
  /// precision.
  public var latent: Matrix {
    guard case .fp32(let encoder, _) = kept else { preconditionFailure("the latent is not single precision") }
    return encoder.latent
  }

  /// - Parameter decoderMemory: where the decoder's activations go, `decoderFloatCount` floats whose content means nothing
  ///   outside of forward and the decoder's backward; nil: memory of the workspace's own.
  public init(
    model: ModelConfiguration, imageCount: Int, painting: Painting = .removed, precision: Precision = .fp32,
    recompute: Recompute = .none, decoderMemory: Vector? = nil
  ) {
    self.imageCount = imageCount
    self.painting = painting
    let layout = WorkspaceLayout(
      model: model, images: imageCount, painting: painting, precision: precision, recompute: recompute)
    let (own, decoder) = layout.floatCounts
    memory = AlignedBuffer(count: own + (decoderMemory == nil ? decoder : 0), zero: 0)
    var allocator = ArenaAllocator(memory.all[0..<own])
    var decoderAllocator = ArenaAllocator(decoderMemory ?? memory.all[own..<memory.count])
    (images, noise, patchOrder, targets, latentGradient) = layout.inputs(&allocator)
    kept = layout.activations(&allocator, decoder: &decoderAllocator)
  }

  /// Fills `noise` from one array an image.
  public func fillNoise(_ values: [[Float]]) {
    precondition(values.count == imageCount && values.allSatisfy { $0.count == noise.columns }, "one noise a patch")
    for (image, row) in values.enumerated() {
      for (patch, value) in row.enumerated() { noise[image, patch] = value }
    }
  }

  /// Of each image, its patches with the visible ones first, as the last forward pass took them.
  public var order: [[Int]] { (0..<imageCount).map { patchOrder.row($0).array } }

  /// The floats that the decoder's activations take.
  public static func decoderFloatCount(
    model: ModelConfiguration, imageCount: Int, precision: Precision, recompute: Recompute
  ) -> Int {
    WorkspaceLayout(
      model: model, images: imageCount, painting: .removed, precision: precision, recompute: recompute
    ).floatCounts.decoder
  }

  /// The bytes of memory of its own.
  public var byteCount: Int { memory.count * MemoryLayout<Float>.stride }

  /// The bytes that a workspace for training would take, apart from the decoder's activations.
  public static func byteCount(
    model: ModelConfiguration, imageCount: Int, precision: Precision, recompute: Recompute
  ) -> Int {
    let layout = WorkspaceLayout(
      model: model, images: imageCount, painting: .removed, precision: precision, recompute: recompute)
    return layout.floatCounts.own * MemoryLayout<Float>.stride
  }
}

/// What a workspace holds, written once for measuring and for handing out.
private struct WorkspaceLayout {
  let model: ModelConfiguration
  let images: Int
  let painting: Painting
  let precision: Precision
  let recompute: Recompute

  func inputs(_ allocator: inout ArenaAllocator) -> (Matrix, Matrix, MatrixView<Int>, Matrix, Matrix) {
    (
      allocator.matrix(images, model.imageValues),
      allocator.matrix(images, model.patchCount),
      allocator.matrix(images, model.patchCount, of: Int.self),
      allocator.matrix(images * model.maskedCount, model.patchValues),
      allocator.matrix(images * (1 + model.visibleCount), model.encoder.width)
    )
  }

  func activations(_ allocator: inout ArenaAllocator, decoder: inout ArenaAllocator) -> ModelActivations {
    switch precision {
    case .fp32:
      .fp32(
        EncoderActivations(images: images, model: model, recompute: recompute, &allocator),
        DecoderActivations(images: images, model: model, painting: painting, recompute: recompute, &decoder))
    case .bf16:
      .bf16(
        EncoderActivations(images: images, model: model, recompute: recompute, &allocator),
        DecoderActivations(images: images, model: model, painting: painting, recompute: recompute, &decoder))
    }
  }

  var floatCounts: (own: Int, decoder: Int) {
    var (own, decoder) = (ArenaAllocator.measuring, ArenaAllocator.measuring)
    _ = inputs(&own)
    _ = activations(&own, decoder: &decoder)
    return (own.count, decoder.count)
  }
}

/// What encoder and decoder leave, in one of the two precisions.
enum ModelActivations {
  case fp32(EncoderActivations<Float>, DecoderActivations<Float>)
  case bf16(EncoderActivations<BFloat16>, DecoderActivations<BFloat16>)
}
