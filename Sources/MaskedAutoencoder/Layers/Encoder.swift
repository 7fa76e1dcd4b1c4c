import Compute

/// What the encoder leaves for backward.
struct EncoderActivations<Element: StoredElement> {
  /// The visible patches, values in the order (channel, row, column): [images·N, C·P·P].
  let patches: MatrixView<Element>
  /// Their embeddings before they take their places after the cls tokens, and in backward their gradient: [images·N, D].
  let embeddings: Matrix
  let roundedEmbeddings: MatrixView<Element>
  let stack: StackActivations<Element>
  let norm: NormStatistics
  /// [images·(1 + N), D], the cls token first.
  let latent: MatrixView<Element>

  init(
    images: Int, model: ModelConfiguration, recompute: Recompute, moments: StepMoments,
    _ sections: inout SectionAllocator
  ) {
    let tokens = 1 + model.visibleCount
    let (rows, width) = (images * model.visibleCount, model.encoder.width)
    (patches, embeddings, roundedEmbeddings) = sections.section(during: moments.kept(moments.embedding)) { allocator in
      (
        allocator.matrix(rows, model.patchValues, of: Element.self), allocator.matrix(rows, width),
        allocator.roundedMatrix(rows, width)
      )
    }
    stack = StackActivations(
      images: images, tokens: tokens, queries: tokens, transformer: model.encoder, recompute: recompute,
      firstBlock: moments.firstEncoderBlock, moments: moments, &sections)
    (norm, latent) = sections.section(during: moments.kept(moments.encoderNorm)) { allocator in
      (
        NormStatistics(rows: images * tokens, &allocator),
        allocator.matrix(images * tokens, width, of: Element.self)
      )
    }
  }
}

/// Patch embedding, positions, cls token and transformer blocks over the visible patches alone: a removed patch is
/// never embedded, attended to or multiplied with anything (He et al. 2022, §3, "MAE encoder").
struct Encoder: Sendable {
  let layout: ModelLayout
  let stack: TransformerStack
  let visibleCount: Int

  init(_ model: ModelConfiguration, layout: ModelLayout) {
    self.layout = layout
    visibleCount = model.visibleCount
    stack = TransformerStack(
      blocks: layout.encoderBlocks, epsilon: Float(model.layerNormEpsilon))
  }

  /// - Parameters:
  ///   - order: of each image, its patches with the visible ones first: [images, L].
  ///   - positions: [1 + L, D].
  ///   - saved: `patches` is filled; `latent` is the result.
  func forward<Element: StoredElement>(
    order: MatrixView<Int>, positions: Matrix, weights: ModelWeights<Element>, saved: EncoderActivations<Element>
  ) {
    let bias = weights.bias(layout.patchEmbedding)
    let tokens = 1 + visibleCount
    for image in 0..<order.rows {
      for index in 0..<visibleCount {
        add(
          output: saved.embeddings.row(image * visibleCount + index), positions.row(1 + order[image, index]), bias)
      }
    }
    multiply(
      .plain(saved.patches), .transposed(weights.matrix(layout.patchEmbedding)),
      into: saved.embeddings, from: .target)
    for image in 0..<order.rows {
      add(output: saved.stack.input.row(image * tokens), weights[layout.clsToken], positions.row(0))
      copyRows(
        output: saved.stack.input.rows(image * tokens + 1..<(image + 1) * tokens),
        input: saved.embeddings.rows(image * visibleCount..<(image + 1) * visibleCount))
    }
    stack.forward(weights: weights, saved: saved.stack)
    saved.norm.forward(
      output: saved.latent, input: saved.stack.output, layout: layout.encoderNorm, weights: weights,
      epsilon: stack.epsilon)
  }

  /// - Parameter latentGradient: [images·(1 + N), D].
  func backward<Element: StoredElement>(
    latentGradient: Matrix, weights: ModelWeights<Element>, saved: EncoderActivations<Element>,
    gradients: GroupGradients<some GradientReceiver>
  ) {
    let tokens = 1 + visibleCount
    gradients.write(layout.encoderNormGroup) { gradients in
      clear(saved.stack.outputGradient.flat)
      saved.norm.backward(
        inputGradient: saved.stack.outputGradient, outputGradient: latentGradient, input: saved.stack.output,
        layout: layout.encoderNorm, weights: weights, gradients: gradients)
    }
    let gradient = stack.backward(weights: weights, saved: saved.stack, gradients: gradients)
    gradients.write(layout.embeddingGroup) { gradients in
      let cls = gradients[layout.clsToken]
      clear(cls)
      for image in 0..<gradient.rows / tokens {
        add(output: cls, cls, gradient.row(image * tokens))
        copyRows(
          output: saved.embeddings.rows(image * visibleCount..<(image + 1) * visibleCount),
          input: gradient.rows(image * tokens + 1..<(image + 1) * tokens))
      }
      linearBackward(
        weightGradient: layout.patchEmbedding.weight(in: gradients),
        biasGradient: layout.patchEmbedding.bias(in: gradients),
        outputGradient: Element.stored(saved.embeddings, in: saved.roundedEmbeddings), input: saved.patches)
    }
  }
}
