import Compute
import Parameters

/// A pre-norm transformer block: x + attention(norm1(x)), then + MLP(norm2(·)) (Dosovitskiy et al. 2021, §3.1).
struct TransformerBlock<Element: StoredElement> {
  let place: BlockPlace
  let epsilon: Float
  let weights: ModelWeights<Element>
  /// What each image's two branches are multiplied by; nil where that is 1.
  var scales: BlockScales?

  /// - Parameters:
  ///   - input: the residual stream before the block, [images·tokens, D]; backward needs it too.
  ///   - saved: its `output` is the stream after the block, [images·queries, D].
  func forward(input: Matrix, saved: BlockActivations<Element>, scratch: BlockScratch<Element>) {
    let shape = saved.shape
    let normOutput = scratch.normOutput
    saved.norm1.forward(
      output: normOutput, input: input, place: place.attention.norm1, weights: weights, epsilon: epsilon)
    projectQueryKeyValue(normOutput, saved: saved, scratch)
    for image in 0..<shape.images {
      attentionForward(
        output: saved.attention.rows(shape.outputRows(of: image)),
        maximum: saved.maximum.rows(shape.heads(of: image)), inverseSum: saved.inverseSum.rows(shape.heads(of: image)),
        query: saved.queryKeyValue.query(image, shape), key: saved.queryKeyValue.key(image, shape),
        value: saved.queryKeyValue.value(image, shape), scratch: scratch.heads)
    }
    scale(saved.attention, by: scales?.attention, shape)
    for image in 0..<shape.images {
      addToRows(
        output: saved.middle.rows(shape.outputRows(of: image)), input: input.rows(shape.queryRows(of: image)),
        vector: weights.bias(place.attention.projection), scale: scales?.attention[image])
    }
    let (norm2Output, activated) = (normOutput.rows(0..<shape.outputRows), scratch.activated.rows(0..<shape.outputRows))
    linearForward(addingTo: saved.middle, input: saved.attention, weight: weights.matrix(place.attention.projection)) {
      rows in
      saved.norm2.forward(
        rows, output: norm2Output, input: saved.middle, place: place.mlp.norm2, weights: weights, epsilon: epsilon)
    }
    hiddenForward(
      kept: saved.hidden, output: activated, input: norm2Output,
      weight: weights.matrix(place.mlp.expansion), bias: weights.bias(place.mlp.expansion), product: scratch.product)
    let (weight, bias) = (weights.matrix(place.mlp.contraction), weights.bias(place.mlp.contraction))
    guard let scales = scales?.mlp else {
      linearForward(output: saved.output, residual: saved.middle, input: activated, weight: weight, bias: bias)
      return
    }
    scale(activated, by: scales, shape)
    for image in 0..<shape.images {
      let rows = shape.outputRows(of: image)
      addToRows(output: saved.output.rows(rows), input: saved.middle.rows(rows), vector: bias, scale: scales[image])
    }
    linearForward(addingTo: saved.output, input: activated, weight: weight) { _ in }
  }

  /// - Parameters:
  ///   - streamGradient: of `saved.output`, [images·queries, D]; it is used up.
  ///   - recompute: what forward did not keep.
  ///   - gradients: takes the gradient of each of the block's groups as soon as it can be computed.
  /// - Returns: the gradient of `input`, [images·tokens, D], in `scratch.stream`.
  func backward(
    streamGradient: Matrix, input: Matrix, saved: BlockActivations<Element>, scratch: BackwardScratch<Element>,
    recompute: Recompute, gradients: GroupGradients
  ) -> Matrix {
    mlpBackward(streamGradient: streamGradient, saved: saved, scratch, recompute: recompute, gradients: gradients)
    guard place.trainsAttention else { return streamGradient }
    attentionBackward(streamGradient: streamGradient, saved: saved, scratch, gradients: gradients)

    let normOutput = scratch.forward.normOutput
    saved.norm1.recompute(output: normOutput, input: input, place: place.attention.norm1, weights: weights)
    let gradient = QueryKeyValue<Element>(saved.shape, in: scratch.queryKeyValueGradient)
    gradients.write(place.attention.qkvGroup) { gradients in
      projectQueryKeyValueBackward(gradient, normOutput, saved.shape, gradients: gradients, scratch)
      if saved.shape.dropsTokens { spread(streamGradient, shape: saved.shape, over: scratch.stream) }
      saved.norm1.backward(
        inputGradient: scratch.stream, outputGradient: scratch.normGradient, input: input, place: place.attention.norm1,
        weights: weights, gradients: gradients)
    }
    return scratch.stream
  }

  /// `streamGradient` becomes that of `saved.middle`.
  private func mlpBackward(
    streamGradient: Matrix, saved: BlockActivations<Element>, _ scratch: BackwardScratch<Element>, recompute: Recompute,
    gradients: GroupGradients
  ) {
    let rows = 0..<saved.shape.outputRows
    let (normOutput, normGradient) = (scratch.forward.normOutput.rows(rows), scratch.normGradient.rows(rows))
    let (activated, hiddenGradient) = (scratch.forward.activated.rows(rows), scratch.hiddenGradient.rows(rows))
    saved.norm2.recompute(output: normOutput, input: saved.middle, place: place.mlp.norm2, weights: weights)
    if recompute == .mlp {
      linearForward(
        output: saved.hidden, input: normOutput,
        weight: weights.matrix(place.mlp.expansion), bias: weights.bias(place.mlp.expansion),
        product: scratch.forward.product
      )
    }

    let outputGradient = Element.stored(streamGradient, in: scratch.rounded(streamGradient))
    hiddenBackward(
      hiddenGradient: hiddenGradient, output: activated, outputGradient: outputGradient,
      weight: weights.matrix(place.mlp.contraction), kept: saved.hidden, product: scratch.forward.product)
    scale(activated, by: scales?.mlp, saved.shape)
    scale(hiddenGradient, by: scales?.mlp, saved.shape)
    gradients.write(place.mlp.contractionGroup) { gradients in
      let biasGradient = place.mlp.contraction.bias(in: gradients)
      linearBackward(
        weightGradient: place.mlp.contraction.weight(in: gradients), biasGradient: biasGradient,
        outputGradient: outputGradient, input: activated)
      sum(outputGradient, into: biasGradient, scaledBy: scales?.mlp, saved.shape)
    }
    linearBackward(
      inputGradient: normGradient, outputGradient: hiddenGradient, weight: weights.matrix(place.mlp.expansion))
    gradients.write(place.mlp.expansionGroup) { gradients in
      linearBackward(
        weightGradient: place.mlp.expansion.weight(in: gradients),
        biasGradient: place.mlp.expansion.bias(in: gradients),
        outputGradient: hiddenGradient, input: normOutput)
      saved.norm2.backward(
        inputGradient: streamGradient, outputGradient: normGradient, input: saved.middle, place: place.mlp.norm2,
        weights: weights, gradients: gradients)
    }
  }

  /// Leaves the gradients of queries, keys and values in `scratch.queryKeyValueGradient`.
  private func attentionBackward(
    streamGradient: Matrix, saved: BlockActivations<Element>, _ scratch: BackwardScratch<Element>,
    gradients: GroupGradients
  ) {
    let shape = saved.shape
    let attentionGradient = scratch.attentionGradient.rows(0..<shape.outputRows)
    let outputGradient = Element.stored(streamGradient, in: scratch.rounded(streamGradient))
    gradients.write(place.attention.projectionGroup) { gradients in
      let biasGradient = place.attention.projection.bias(in: gradients)
      linearBackward(
        weightGradient: place.attention.projection.weight(in: gradients), biasGradient: biasGradient,
        outputGradient: outputGradient, input: saved.attention)
      sum(outputGradient, into: biasGradient, scaledBy: scales?.attention, shape)
    }
    linearBackward(
      inputGradient: attentionGradient, outputGradient: outputGradient,
      weight: weights.matrix(place.attention.projection),
      product: scratch.forward.product)
    scale(attentionGradient, by: scales?.attention, shape)
    let gradient = QueryKeyValue<Element>(shape, in: scratch.queryKeyValueGradient)
    for image in 0..<shape.images {
      Compute.attentionBackward(
        queryGradient: gradient.query(image, shape), keyGradient: gradient.key(image, shape),
        valueGradient: gradient.value(image, shape),
        outputGradient: attentionGradient.rows(shape.outputRows(of: image)),
        query: saved.queryKeyValue.query(image, shape), key: saved.queryKeyValue.key(image, shape),
        value: saved.queryKeyValue.value(image, shape),
        maximum: saved.maximum.rows(shape.heads(of: image)), inverseSum: saved.inverseSum.rows(shape.heads(of: image)),
        scratch: scratch.forward.heads)
    }
  }
}

// MARK: - Query, key and value

extension TransformerBlock {
  /// One product for all three where every token is a query; otherwise keys and values for all rows, and queries for
  /// theirs.
  private func projectQueryKeyValue(
    _ normOutput: MatrixView<Element>, saved: BlockActivations<Element>, _ scratch: BlockScratch<Element>
  ) {
    let (shape, width) = (saved.shape, saved.shape.width)
    let (weight, bias) = (weights.matrix(place.attention.qkv), weights.bias(place.attention.qkv))
    if let all = saved.queryKeyValue.all {
      linearForward(output: all, input: normOutput, weight: weight, bias: bias, product: scratch.product)
      return
    }
    gatherQueries(normOutput, shape, scratch)
    linearForward(
      output: saved.queryKeyValue.query, input: scratch.queryInput, weight: weight.rows(0..<width),
      bias: bias[0..<width], product: scratch.product)
    linearForward(
      output: saved.queryKeyValue.keyValue, input: normOutput, weight: weight.rows(width..<3 * width),
      bias: bias[width..<3 * width], product: scratch.product)
  }

  private func gatherQueries(
    _ normOutput: MatrixView<Element>, _ shape: BlockShape, _ scratch: BlockScratch<Element>
  ) {
    for image in 0..<shape.images {
      copyRows(
        output: scratch.queryInput.rows(shape.outputRows(of: image)),
        input: normOutput.rows(shape.queryRows(of: image)))
    }
  }

  /// Leaves the gradient of the norm's output in `scratch.normGradient`.
  private func projectQueryKeyValueBackward(
    _ gradient: QueryKeyValue<Element>, _ normOutput: MatrixView<Element>, _ shape: BlockShape,
    gradients: ArenaWindow, _ scratch: BackwardScratch<Element>
  ) {
    let width = shape.width
    let weight = weights.matrix(place.attention.qkv)
    let (weightGradient, biasGradient) = (
      place.attention.qkv.weight(in: gradients), place.attention.qkv.bias(in: gradients)
    )
    if let all = gradient.all {
      linearBackward(
        weightGradient: weightGradient, biasGradient: biasGradient, outputGradient: all, input: normOutput)
      linearBackward(inputGradient: scratch.normGradient, outputGradient: all, weight: weight)
      return
    }
    gatherQueries(normOutput, shape, scratch.forward)
    linearBackward(
      weightGradient: weightGradient.rows(0..<width), biasGradient: biasGradient[0..<width],
      outputGradient: gradient.query, input: scratch.forward.queryInput)
    linearBackward(
      weightGradient: weightGradient.rows(width..<3 * width), biasGradient: biasGradient[width..<3 * width],
      outputGradient: gradient.keyValue, input: normOutput)
    linearBackward(
      inputGradient: scratch.normGradient, outputGradient: gradient.keyValue, weight: weight.rows(width..<3 * width))
    linearBackward(
      inputGradient: scratch.queryGradient, outputGradient: gradient.query, weight: weight.rows(0..<width))
    for image in 0..<shape.images {
      addRows(
        to: scratch.normGradient.rows(shape.queryRows(of: image)),
        scratch.queryGradient.rows(shape.outputRows(of: image)))
    }
  }

  /// The gradient of the stream before the block: the queries' rows, zero in the others.
  private func spread(_ gradient: Matrix, shape: BlockShape, over stream: Matrix) {
    clear(stream.flat)
    for image in 0..<shape.images {
      copyRows(output: stream.rows(shape.queryRows(of: image)), input: gradient.rows(shape.outputRows(of: image)))
    }
  }
}

extension BackwardScratch {
  /// Where a gradient of the stream is rounded to.
  fileprivate func rounded(_ gradient: Matrix) -> MatrixView<Element> {
    roundedStream.rows(0..<min(gradient.rows, roundedStream.rows))
  }
}
