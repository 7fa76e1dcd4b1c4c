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
  /// Of each image, its patches with the visible ones first. Set by `MaskedAutoencoder.forward`.
  public internal(set) var order: [[Int]] = []
  /// The removed patches of each image in that order, values in the order (row, column, channel), normalised where the
  /// model asks for it: [images·removed, P·P·C].
  public let targets: Matrix
  let encoder: EncoderActivations
  let decoder: DecoderActivations
  let latentGradient: Matrix
  private let memory: AlignedBuffer<Float>

  /// The painted patches: where the removed ones are painted, of the same shape as `targets`; otherwise
  /// [images·L, P·P·C].
  public var predictions: Matrix { decoder.predictions }
  /// What the encoder made of the visible patches: [images·(1 + N), D], the cls token first.
  public var latent: Matrix { encoder.norm.output }

  public init(model: ModelConfiguration, imageCount: Int, painting: Painting = .removed) {
    self.imageCount = imageCount
    self.painting = painting
    var measuring = ArenaAllocator.measuring
    _ = Workspace.layOut(model, imageCount, painting, &measuring)
    memory = AlignedBuffer(count: measuring.count, zero: 0)
    var allocator = ArenaAllocator(memory.all)
    (images, targets, encoder, decoder, latentGradient) = Workspace.layOut(model, imageCount, painting, &allocator)
  }

  /// The bytes that a workspace for training takes.
  public static func byteCount(model: ModelConfiguration, imageCount: Int) -> Int {
    var measuring = ArenaAllocator.measuring
    _ = layOut(model, imageCount, .removed, &measuring)
    return measuring.count * MemoryLayout<Float>.stride
  }

  private static func layOut(
    _ model: ModelConfiguration, _ imageCount: Int, _ painting: Painting, _ allocator: inout ArenaAllocator
  ) -> (Matrix, Matrix, EncoderActivations, DecoderActivations, Matrix) {
    (
      allocator.matrix(imageCount, model.imageValues),
      allocator.matrix(imageCount * model.maskedCount, model.patchValues),
      EncoderActivations(images: imageCount, model: model, &allocator),
      DecoderActivations(images: imageCount, model: model, painting: painting, &allocator),
      allocator.matrix(imageCount * (1 + model.visibleCount), model.encoder.width)
    )
  }
}
