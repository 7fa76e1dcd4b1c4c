import Compute

/// What the encoder leaves for backward.
struct EncoderActivations {
  /// The visible patches, values in the order (channel, row, column): [images·N, C·P·P].
  let patches: Matrix
  /// Their embeddings before they take their places after the cls tokens: [images·N, D]; backward reuses it.
  let embeddings: Matrix
  let stack: StackActivations
  let norm: NormActivations

  /// - Parameter keepsEveryBlock: as backward needs it.
  init(
    images: Int, model: ModelConfiguration, keepsEveryBlock: Bool = true, _ allocator: inout ArenaAllocator
  ) {
    let tokens = 1 + model.visibleCount
    patches = allocator.matrix(images * model.visibleCount, model.patchValues)
    embeddings = allocator.matrix(images * model.visibleCount, model.encoder.width)
    stack = StackActivations(
      images: images, tokens: tokens, queries: tokens, transformer: model.encoder, keepsEveryBlock: keepsEveryBlock,
      &allocator)
    norm = NormActivations(rows: images * tokens, width: model.encoder.width, &allocator)
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
      blocks: layout.encoderBlocks, groups: layout.encoderBlockGroups, epsilon: Float(model.layerNormEpsilon))
  }

  /// - Parameters:
  ///   - order: of each image, its patches with the visible ones first.
  ///   - positions: [1 + L, D].
  ///   - saved: `patches` is filled; `norm.output` becomes the latent, [images·(1 + N), D], cls first.
  func forward(order: [[Int]], positions: Matrix, parameters: ArenaWindow, saved: EncoderActivations) {
    let bias = layout.patchEmbedding.bias(in: parameters)
    let tokens = 1 + visibleCount
    for (image, patches) in order.enumerated() {
      for (index, patch) in patches.prefix(visibleCount).enumerated() {
        add(output: saved.embeddings.row(image * visibleCount + index), positions.row(1 + patch), bias)
      }
    }
    multiply(
      .plain(saved.patches), .transposed(layout.patchEmbedding.weight(in: parameters)),
      into: saved.embeddings, adding: true)
    for image in order.indices {
      add(output: saved.stack.input.row(image * tokens), parameters[layout.clsToken], positions.row(0))
      copyRows(
        output: saved.stack.input.rows(image * tokens + 1..<(image + 1) * tokens),
        input: saved.embeddings.rows(image * visibleCount..<(image + 1) * visibleCount))
    }
    stack.forward(parameters: parameters, saved: saved.stack)
    saved.norm.forward(
      input: saved.stack.output, layout: layout.encoderNorm, parameters: parameters, epsilon: stack.epsilon)
  }

  /// - Parameter latentGradient: of `saved.norm.output`, [images·(1 + N), D].
  func backward(
    latentGradient: Matrix, parameters: ArenaWindow, saved: EncoderActivations, receiver: some GradientReceiver
  ) {
    let table = layout.table
    let tokens = 1 + visibleCount
    table.writeGradient(of: layout.encoderNormGroup, to: receiver) { gradients in
      clear(saved.stack.outputGradient.flat)
      saved.norm.backward(
        inputGradient: saved.stack.outputGradient, outputGradient: latentGradient, input: saved.stack.output,
        layout: layout.encoderNorm, parameters: parameters, gradients: gradients)
    }
    let gradient = stack.backward(parameters: parameters, saved: saved.stack, table: table, receiver: receiver)
    table.writeGradient(of: layout.embeddingGroup, to: receiver) { gradients in
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
        outputGradient: saved.embeddings, input: saved.patches)
    }
  }
}
