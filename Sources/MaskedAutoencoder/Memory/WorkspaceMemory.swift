import Compute
import VisionTransformer

/// Where the workspaces of several threads put what they hold, decided once for all steps.
///
/// Two activations that are never needed at the same instant share memory. Where one round of virtual workers does the step,
/// the gradient lends its memory too: it is empty until backward, and then fills up from its end, as activations are used up.
public struct WorkspaceMemory: Sendable {
  let shape: WorkspaceShape
  let map: MemoryMap
  /// The bytes of all that a workspace holds, if nothing shared memory.
  public let activationBytes: Int

  /// - Parameters:
  ///   - model: the model.
  ///   - imageCount: images of one workspace.
  ///   - painting: the patches that are predicted.
  ///   - precision: what products take.
  ///   - recompute: what is computed again in backward and not kept.
  ///   - threads: each has a workspace of its own, and all are used at once.
  ///   - usesGradient: whether activations may lie in the gradient, an arena of the model's: nothing in it is of use when
  ///     forward begins, and a group is written when all threads have finished it.
  public init(
    model: ModelConfiguration, imageCount: Int, painting: Painting = .removed, precision: Precision = .fp32,
    recompute: Recompute = .none, threads: Int = 1, usesGradient: Bool = false
  ) {
    shape = WorkspaceShape(
      model: model, images: imageCount, painting: painting, precision: precision, recompute: recompute)
    var sections = SectionAllocator.measuring
    _ = shape.views(&sections)
    let places = ModelPlaces(model)
    map = MemoryMap(
      sections.buffers, users: threads,
      loans: usesGradient ? ModelStages(places).timeline.loans(of: places.table) : [])
    activationBytes = sections.buffers.reduce(0) { $0 + $1.count } * MemoryLayout<Float>.stride
  }

  /// The bytes that the workspaces take beside the gradient.
  public var ownBytes: Int { map.ownCounts.reduce(0, +) * MemoryLayout<Float>.stride }
}

/// What decides which views a workspace has, and how large they are.
struct WorkspaceShape: Sendable {
  let model: ModelConfiguration
  let images: Int
  let painting: Painting
  let precision: Precision
  let recompute: Recompute

  /// Written once, for measuring and for handing out.
  func views(_ sections: inout SectionAllocator) -> WorkspaceViews {
    let stages = ModelStages(ModelPlaces(model))
    let timeline = stages.timeline
    // What the caller fills stays there for the next step, which may take it once more.
    let (images, noise, patchOrder) = sections.section(during: timeline.whole) { allocator in
      (
        allocator.matrix(self.images, model.imageValues), allocator.matrix(self.images, model.patchCount),
        allocator.matrix(self.images, model.patchCount, of: Int.self)
      )
    }
    let targets = sections.section(
      during: timeline.forward(stages.encoder.embedding, through: stages.decoder.prediction)
    ) { allocator in
      allocator.matrix(self.images * model.maskedCount, model.patchValues)
    }
    let backward = timeline.backward(stages.decoder.embedding, through: stages.encoder.norm)
    let latentGradient = sections.section(during: backward) { allocator in
      allocator.matrix(self.images * (1 + model.visibleCount), model.encoder.width)
    }
    return WorkspaceViews(
      images: images, noise: noise, patchOrder: patchOrder, targets: targets,
      activations: activations(stages, &sections), latentGradient: latentGradient)
  }

  private func activations(_ stages: ModelStages, _ sections: inout SectionAllocator) -> ModelActivations {
    switch precision {
    case .fp32: .fp32(encoder(stages, &sections), decoder(stages, &sections))
    case .bf16: .bf16(encoder(stages, &sections), decoder(stages, &sections))
    }
  }

  private func encoder<Element: StoredElement>(
    _ stages: ModelStages, _ sections: inout SectionAllocator
  ) -> EncoderActivations<Element> {
    EncoderActivations(
      images: images, seenCount: model.visibleCount, encoder: model.encoderConfiguration, recompute: recompute,
      stages: stages.encoder, timeline: stages.timeline, &sections)
  }

  private func decoder<Element: StoredElement>(
    _ stages: ModelStages, _ sections: inout SectionAllocator
  ) -> DecoderActivations<Element> {
    DecoderActivations(
      images: images, model: model, painting: painting, recompute: recompute, stages: stages.decoder,
      timeline: stages.timeline, &sections)
  }
}

/// The views of a workspace; `Workspace` says what they are.
struct WorkspaceViews {
  let images: Matrix
  let noise: Matrix
  let patchOrder: MatrixView<Int>
  let targets: Matrix
  let activations: ModelActivations
  let latentGradient: Matrix
}

/// What encoder and decoder leave, in one of the two precisions.
enum ModelActivations {
  case fp32(EncoderActivations<Float>, DecoderActivations<Float>)
  case bf16(EncoderActivations<BFloat16>, DecoderActivations<BFloat16>)
}
