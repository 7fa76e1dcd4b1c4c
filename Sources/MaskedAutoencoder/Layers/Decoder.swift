import Compute

/// What the decoder leaves for backward.
struct DecoderActivations {
  /// The latent at the decoder's width, and its gradient in backward: [images·(1 + N), D].
  let embeddings: Matrix
  let stack: StackActivations
  let norm: NormActivations
  /// The painted patches, values in the order (row, column, channel), and their gradient after the loss:
  /// [images·painted, P·P·C].
  let predictions: Matrix
  /// [images·painted, D].
  let normGradient: Matrix

  init(images: Int, model: ModelConfiguration, painting: Painting, _ allocator: inout ArenaAllocator) {
    let queries = painting == .all ? model.patchCount : model.maskedCount
    let painted = images * queries
    embeddings = allocator.matrix(images * (1 + model.visibleCount), model.decoder.width)
    stack = StackActivations(
      images: images, tokens: 1 + model.patchCount, queries: queries, transformer: model.decoder, &allocator)
    norm = NormActivations(rows: painted, width: model.decoder.width, &allocator)
    predictions = allocator.matrix(painted, model.patchValues)
    normGradient = allocator.matrix(painted, model.decoder.width)
  }
}

/// Paints the removed patches from the latent of the visible ones (He et al. 2022, §3, "MAE decoder").
///
/// An image's tokens are cls, visible, removed, in the order of `patchOrder`: the removed ones lie together, so the
/// last block works for them alone, and the prediction is made where the loss is taken and nowhere else.
struct Decoder: Sendable {
  let layout: ModelLayout
  let stack: TransformerStack
  let visibleCount: Int
  let patchCount: Int

  init(_ model: ModelConfiguration, layout: ModelLayout) {
    self.layout = layout
    visibleCount = model.visibleCount
    patchCount = model.patchCount
    stack = TransformerStack(
      blocks: layout.decoderBlocks, groups: layout.decoderBlockGroups, epsilon: Float(model.layerNormEpsilon))
  }

  /// - Parameters:
  ///   - latent: [images·(1 + N), encoder's D].
  ///   - order: of each image, its patches with the visible ones first.
  ///   - positions: [1 + L, D].
  ///   - saved: `predictions` becomes the painted patches.
  func forward(latent: Matrix, order: [[Int]], positions: Matrix, parameters: ArenaWindow, saved: DecoderActivations) {
    linearForward(
      output: saved.embeddings, input: latent,
      weight: layout.decoderEmbedding.weight(in: parameters), bias: layout.decoderEmbedding.bias(in: parameters))
    let maskToken = parameters[layout.maskToken]
    let seen = 1 + visibleCount
    for (image, patches) in order.enumerated() {
      let tokens = saved.stack.input.rows(image * (1 + patchCount)..<(image + 1) * (1 + patchCount))
      let embeddings = saved.embeddings.rows(image * seen..<(image + 1) * seen)
      add(output: tokens.row(0), embeddings.row(0), positions.row(0))
      for (index, patch) in patches.enumerated() {
        let token = index < visibleCount ? embeddings.row(1 + index) : maskToken
        add(output: tokens.row(1 + index), token, positions.row(1 + patch))
      }
    }
    stack.forward(parameters: parameters, saved: saved.stack)
    saved.norm.forward(
      input: saved.stack.output, layout: layout.decoderNorm, parameters: parameters, epsilon: stack.epsilon)
    linearForward(
      output: saved.predictions, input: saved.norm.output,
      weight: layout.prediction.weight(in: parameters), bias: layout.prediction.bias(in: parameters))
  }

  /// - Parameters:
  ///   - latent: what forward was given.
  ///   - latentGradient: its gradient, overwritten.
  ///   - saved: `predictions` holds the gradient of the predictions.
  func backward(
    latentGradient: Matrix, latent: Matrix, parameters: ArenaWindow, saved: DecoderActivations,
    receiver: some GradientReceiver
  ) {
    let table = layout.table
    table.writeGradient(of: layout.predictionGroup, to: receiver) { gradients in
      linearBackward(
        weightGradient: layout.prediction.weight(in: gradients), biasGradient: layout.prediction.bias(in: gradients),
        outputGradient: saved.predictions, input: saved.norm.output)
      linearBackward(
        inputGradient: saved.normGradient, outputGradient: saved.predictions,
        weight: layout.prediction.weight(in: parameters))
      clear(saved.stack.outputGradient.flat)
      saved.norm.backward(
        inputGradient: saved.stack.outputGradient, outputGradient: saved.normGradient, input: saved.stack.output,
        layout: layout.decoderNorm, parameters: parameters, gradients: gradients)
    }
    let gradient = stack.backward(parameters: parameters, saved: saved.stack, table: table, receiver: receiver)
    table.writeGradient(of: layout.decoderEmbeddingGroup, to: receiver) { gradients in
      let seen = 1 + visibleCount
      let maskToken = gradients[layout.maskToken]
      clear(maskToken)
      for image in 0..<gradient.rows / (1 + patchCount) {
        let tokens = gradient.rows(image * (1 + patchCount)..<(image + 1) * (1 + patchCount))
        copyRows(output: saved.embeddings.rows(image * seen..<(image + 1) * seen), input: tokens.rows(0..<seen))
        for row in seen..<tokens.rows { add(output: maskToken, maskToken, tokens.row(row)) }
      }
      linearBackward(
        weightGradient: layout.decoderEmbedding.weight(in: gradients),
        biasGradient: layout.decoderEmbedding.bias(in: gradients),
        outputGradient: saved.embeddings, input: latent)
      linearBackward(
        inputGradient: latentGradient, outputGradient: saved.embeddings,
        weight: layout.decoderEmbedding.weight(in: parameters))
    }
  }
}
