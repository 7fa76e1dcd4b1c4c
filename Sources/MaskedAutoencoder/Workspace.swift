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

  public init(
    model: ModelConfiguration, imageCount: Int, painting: Painting = .removed, precision: Precision = .fp32,
    recompute: Recompute = .none
  ) {
    self.imageCount = imageCount
    self.painting = painting
    func layOut(
      _ allocator: inout ArenaAllocator
    ) -> (Matrix, Matrix, MatrixView<Int>, Matrix, Matrix, ModelActivations) {
      (
        allocator.matrix(imageCount, model.imageValues),
        allocator.matrix(imageCount, model.patchCount),
        allocator.matrix(imageCount, model.patchCount, of: Int.self),
        allocator.matrix(imageCount * model.maskedCount, model.patchValues),
        allocator.matrix(imageCount * (1 + model.visibleCount), model.encoder.width),
        ModelActivations(
          model, images: imageCount, painting: painting, precision: precision, recompute: recompute, &allocator)
      )
    }
    var measuring = ArenaAllocator.measuring
    _ = layOut(&measuring)
    memory = AlignedBuffer(count: measuring.count, zero: 0)
    var allocator = ArenaAllocator(memory.all)
    (images, noise, patchOrder, targets, latentGradient, kept) = layOut(&allocator)
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

  /// The bytes that it takes.
  public var byteCount: Int { memory.count * MemoryLayout<Float>.stride }
}

/// What encoder and decoder leave, in one of the two precisions.
enum ModelActivations {
  case fp32(EncoderActivations<Float>, DecoderActivations<Float>)
  case bf16(EncoderActivations<BFloat16>, DecoderActivations<BFloat16>)

  init(
    _ model: ModelConfiguration, images: Int, painting: Painting, precision: Precision, recompute: Recompute,
    _ allocator: inout ArenaAllocator
  ) {
    switch precision {
    case .fp32:
      self = .fp32(
        EncoderActivations(images: images, model: model, recompute: recompute, &allocator),
        DecoderActivations(images: images, model: model, painting: painting, recompute: recompute, &allocator))
    case .bf16:
      self = .bf16(
        EncoderActivations(images: images, model: model, recompute: recompute, &allocator),
        DecoderActivations(images: images, model: model, painting: painting, recompute: recompute, &allocator))
    }
  }
}
