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
    var measuring = SectionAllocator.measuring
    _ = EncodingWorkspace.layOut(whole, imageCount, &measuring)
    let plan = MemoryPlan(measuring.buffers)
    memory = AlignedBuffer(count: plan.ownCounts[0], zero: 0)
    let own = memory.all
    var sections = SectionAllocator { section in
      guard case .own(let range) = plan.places[0][section] else { preconditionFailure("nothing is lent") }
      return own[range]
    }
    (images, patchOrder, encoder) = EncodingWorkspace.layOut(whole, imageCount, &sections)
    for image in 0..<imageCount {
      for patch in 0..<model.patchCount { patchOrder[image, patch] = patch }
    }
  }

  private static func layOut(
    _ model: ModelConfiguration, _ imageCount: Int, _ sections: inout SectionAllocator
  ) -> (Matrix, MatrixView<Int>, EncoderActivations<Float>) {
    let moments = StepMoments(model, hasBackward: false)
    let (images, patchOrder) = sections.section(during: moments.all) { allocator in
      (
        allocator.matrix(imageCount, model.imageValues),
        allocator.matrix(imageCount, model.patchCount, of: Int.self)
      )
    }
    return (
      images, patchOrder,
      EncoderActivations(images: imageCount, model: model, recompute: .none, moments: moments, &sections)
    )
  }
}
