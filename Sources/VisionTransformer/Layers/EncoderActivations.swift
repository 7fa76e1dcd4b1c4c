import Compute

/// What an encoder without its last norm leaves for backward.
public struct TrunkActivations<Element: StoredElement> {
  /// N: the patches of an image that the encoder sees.
  let seenCount: Int
  /// The patches that it sees, values in the order (channel, row, column): [images·N, C·P·P].
  let patches: MatrixView<Element>
  /// Their embeddings before they take their places after the cls tokens, and in backward their gradient: [images·N, D].
  let embeddings: Matrix
  let roundedEmbeddings: MatrixView<Element>
  let stack: StackActivations<Element>

  /// - Parameters:
  ///   - seenCount: patches of an image that the encoder sees: all, or those that masking leaves.
  ///   - stages: where the trunk is in `timeline`.
  ///   - after: the stage that takes the stream from it.
  public init(
    images: Int, seenCount: Int, encoder: EncoderConfiguration, recompute: Recompute, stages: TrunkStages,
    after: Timeline.Stage, timeline: Timeline, _ sections: inout SectionAllocator
  ) {
    let tokens = 1 + seenCount
    let (rows, width) = (images * seenCount, encoder.transformer.width)
    self.seenCount = seenCount
    (patches, embeddings, roundedEmbeddings) = sections.section(during: timeline.kept(from: stages.embedding)) {
      allocator in
      (
        allocator.matrix(rows, encoder.patches.patchValues, of: Element.self), allocator.matrix(rows, width),
        allocator.roundedMatrix(rows, width)
      )
    }
    stack = StackActivations(
      images: images, tokens: tokens, queries: tokens, transformer: encoder.transformer, recompute: recompute,
      stages: StackStages(before: stages.embedding, blocks: stages.blocks, after: after), timeline: timeline,
      &sections)
  }
}

/// What the encoder leaves for backward.
public struct EncoderActivations<Element: StoredElement> {
  let trunk: TrunkActivations<Element>
  let norm: NormStatistics
  /// [images·(1 + N), D], the cls token first.
  public let latent: MatrixView<Element>

  /// - Parameters:
  ///   - seenCount: patches of an image that the encoder sees: all, or those that masking leaves.
  ///   - stages: where the encoder is in `timeline`.
  public init(
    images: Int, seenCount: Int, encoder: EncoderConfiguration, recompute: Recompute, stages: EncoderStages,
    timeline: Timeline, _ sections: inout SectionAllocator
  ) {
    let rows = images * (1 + seenCount)
    trunk = TrunkActivations(
      images: images, seenCount: seenCount, encoder: encoder, recompute: recompute, stages: stages.trunk,
      after: stages.norm, timeline: timeline, &sections)
    (norm, latent) = sections.section(during: timeline.kept(from: stages.norm)) { allocator in
      (NormStatistics(rows: rows, &allocator), allocator.matrix(rows, encoder.transformer.width, of: Element.self))
    }
  }
}
