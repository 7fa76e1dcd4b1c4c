import Compute

/// The memory that one worker takes to encode whole images, nothing removed: for features, not for training.
public final class EncodingWorkspace: @unchecked Sendable {
  public let imageCount: Int
  /// The input: normalised values, [images, C·H·W], plane after plane. The caller fills it.
  public let images: Matrix
  /// The model as it sees whole images.
  let model: ModelConfiguration
  /// Of each image, its patches as they lie: [images, L].
  let patchOrder: MatrixView<Int>
  let encoder: EncoderActivations<Float>
  private let memory: AlignedBuffer<Float>

  /// What the encoder made of the images: [images·(1 + L), D], the cls token first, then the patches in their order.
  public var latent: Matrix { encoder.latent }

  public init(model: ModelConfiguration, imageCount: Int) {
    self.imageCount = imageCount
    var whole = model
    whole.maskRatio = 0
    self.model = whole
    var measuring = ArenaAllocator.measuring
    _ = EncodingWorkspace.layOut(whole, imageCount, &measuring)
    memory = AlignedBuffer(count: measuring.count, zero: 0)
    var allocator = ArenaAllocator(memory.all)
    (images, patchOrder, encoder) = EncodingWorkspace.layOut(whole, imageCount, &allocator)
    for image in 0..<imageCount {
      for patch in 0..<model.patchCount { patchOrder[image, patch] = patch }
    }
  }

  private static func layOut(
    _ model: ModelConfiguration, _ imageCount: Int, _ allocator: inout ArenaAllocator
  ) -> (Matrix, MatrixView<Int>, EncoderActivations<Float>) {
    (
      allocator.matrix(imageCount, model.imageValues),
      allocator.matrix(imageCount, model.patchCount, of: Int.self),
      EncoderActivations(images: imageCount, model: model, recompute: .block, isForBackward: false, &allocator)
    )
  }
}
