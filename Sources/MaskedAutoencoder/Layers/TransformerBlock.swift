import Compute

/// How many rows of what width go through a block.
///
/// `queries` is the number of an image's last tokens whose output is wanted: all of them, or in the decoder's last
/// block the removed patches only. The tokens before them are then attended to, and nothing else is done for them.
struct BlockShape: Sendable {
  let images: Int
  let tokens: Int
  let queries: Int
  let transformer: TransformerConfiguration

  var width: Int { transformer.width }
  var inputRows: Int { images * tokens }
  var outputRows: Int { images * queries }
  var dropsTokens: Bool { queries < tokens }

  func inputRows(of image: Int) -> Range<Int> { image * tokens..<(image + 1) * tokens }
  func outputRows(of image: Int) -> Range<Int> { image * queries..<(image + 1) * queries }
  /// The rows of an image's queries among the input's rows.
  func queryRows(of image: Int) -> Range<Int> { (image + 1) * tokens - queries..<(image + 1) * tokens }
}

/// What a block's forward pass leaves for backward.
struct BlockActivations {
  let shape: BlockShape
  let norm1: NormActivations
  /// The normalised rows of the queries alone; `norm1.output` itself where every token is a query.
  let queryInput: Matrix
  let query: Matrix
  /// Keys, then values: [rows, 2D].
  let keyValue: Matrix
  /// Softmax's row maxima and inverse sums: [images·H, queries].
  let maximum: Matrix
  let inverseSum: Matrix
  let attention: Matrix
  /// The residual stream between attention and MLP.
  let middle: Matrix
  let norm2: NormActivations
  let hidden: Matrix
  let hiddenDerivative: Matrix
  /// The residual stream after the block.
  let output: Matrix

  init(_ shape: BlockShape, _ allocator: inout ArenaAllocator) {
    let (width, hiddenWidth) = (shape.width, shape.transformer.hiddenWidth)
    self.shape = shape
    norm1 = NormActivations(rows: shape.inputRows, width: width, &allocator)
    if shape.dropsTokens {
      queryInput = allocator.matrix(shape.outputRows, width)
      query = allocator.matrix(shape.outputRows, width)
      keyValue = allocator.matrix(shape.inputRows, 2 * width)
    } else {
      let all = allocator.matrix(shape.inputRows, 3 * width)
      queryInput = norm1.output
      query = all.columns(0..<width)
      keyValue = all.columns(width..<3 * width)
    }
    maximum = allocator.matrix(shape.images * shape.transformer.heads, shape.queries)
    inverseSum = allocator.matrix(shape.images * shape.transformer.heads, shape.queries)
    attention = allocator.matrix(shape.outputRows, width)
    middle = allocator.matrix(shape.outputRows, width)
    norm2 = NormActivations(rows: shape.outputRows, width: width, &allocator)
    hidden = allocator.matrix(shape.outputRows, hiddenWidth)
    hiddenDerivative = allocator.matrix(shape.outputRows, hiddenWidth)
    output = allocator.matrix(shape.outputRows, width)
  }

  /// Query, key and value as the one matrix [rows, 3D] that they are where every token is a query.
  fileprivate var queryKeyValue: Matrix {
    Matrix(base: query.base, rows: query.rows, columns: 3 * shape.width, stride: query.stride)
  }
}

/// What backward needs beside the activations, for one block at a time.
struct BlockScratch {
  /// The gradient of the residual stream: [rows, D], handed from block to block.
  let stream: Matrix
  let norm: Matrix
  let attention: Matrix
  let queryKeyValue: Matrix
  let hidden: Matrix
  /// Only where a block drops tokens: the stream after it, [images·queries, D], and its normalised queries.
  let queryStream: Matrix
  let queryNorm: Matrix
  let scores: AttentionScratch

  /// - Parameter last: the stack's last block; the others take every token.
  init(_ shape: BlockShape, last: BlockShape, _ allocator: inout ArenaAllocator) {
    let scoreCount = AttentionScratch.count(queries: shape.queries, keys: shape.tokens)
    stream = allocator.matrix(shape.inputRows, shape.width)
    norm = allocator.matrix(shape.inputRows, shape.width)
    attention = allocator.matrix(shape.inputRows, shape.width)
    queryKeyValue = allocator.matrix(shape.inputRows, 3 * shape.width)
    hidden = allocator.matrix(shape.inputRows, shape.transformer.hiddenWidth)
    queryStream = last.dropsTokens ? allocator.matrix(last.outputRows, last.width) : stream
    queryNorm = last.dropsTokens ? allocator.matrix(last.outputRows, last.width) : norm
    scores = AttentionScratch(allocator.vector(scoreCount), allocator.vector(scoreCount))
  }
}

/// A pre-norm transformer block: x + attention(norm1(x)), then + MLP(norm2(·)) (Dosovitskiy et al. 2021, §3.1).
struct TransformerBlock {
  let layout: BlockLayout
  let epsilon: Float

  /// - Parameters:
  ///   - input: the residual stream before the block, [images·tokens, D]; backward needs it too.
  ///   - saved: its `output` is the stream after the block, [images·queries, D].
  func forward(input: Matrix, parameters: ArenaWindow, saved: BlockActivations, scratch: BlockScratch) {
    let shape = saved.shape
    saved.norm1.forward(input: input, layout: layout.norm1, parameters: parameters, epsilon: epsilon)
    projectQueryKeyValue(parameters: parameters, saved: saved)
    for image in 0..<shape.images {
      let heads = shape.transformer.heads
      let statistics = image * heads..<(image + 1) * heads
      attentionForward(
        output: saved.attention.rows(shape.outputRows(of: image)),
        maximum: saved.maximum.rows(statistics), inverseSum: saved.inverseSum.rows(statistics),
        query: saved.query.rows(shape.outputRows(of: image)),
        key: saved.keyValue.rows(shape.inputRows(of: image)).columns(0..<shape.width),
        value: saved.keyValue.rows(shape.inputRows(of: image)).columns(shape.width..<2 * shape.width),
        scratch: scratch.scores)
    }
    for image in 0..<shape.images {
      copyRows(
        output: saved.middle.rows(shape.outputRows(of: image)), input: input.rows(shape.queryRows(of: image)))
    }
    linearForward(
      output: saved.middle, residual: saved.middle, input: saved.attention,
      weight: layout.projection.weight(in: parameters), bias: layout.projection.bias(in: parameters))
    saved.norm2.forward(input: saved.middle, layout: layout.norm2, parameters: parameters, epsilon: epsilon)
    linearForward(
      output: saved.hidden, input: saved.norm2.output,
      weight: layout.expansion.weight(in: parameters), bias: layout.expansion.bias(in: parameters))
    geluForward(
      output: saved.hidden.flat, derivative: saved.hiddenDerivative.flat, input: saved.hidden.flat)
    linearForward(
      output: saved.output, residual: saved.middle, input: saved.hidden,
      weight: layout.contraction.weight(in: parameters), bias: layout.contraction.bias(in: parameters))
  }

  /// - Parameters:
  ///   - streamGradient: of `saved.output`, [images·queries, D]; it is used up.
  ///   - gradients: the block's tensors are overwritten in it.
  /// - Returns: the gradient of `input`, [images·tokens, D], in `scratch.stream`.
  func backward(
    streamGradient: Matrix, input: Matrix, parameters: ArenaWindow, gradients: ArenaWindow,
    saved: BlockActivations, scratch: BlockScratch
  ) -> Matrix {
    let shape = saved.shape
    mlpBackward(streamGradient: streamGradient, parameters: parameters, gradients: gradients, saved: saved, scratch)

    let attentionGradient = scratch.attention.rows(0..<shape.outputRows)
    linearBackward(
      weightGradient: layout.projection.weight(in: gradients), biasGradient: layout.projection.bias(in: gradients),
      outputGradient: streamGradient, input: saved.attention)
    linearBackward(
      inputGradient: attentionGradient, outputGradient: streamGradient,
      weight: layout.projection.weight(in: parameters))

    let gradient = QueryKeyValueGradient(shape, scratch)
    for image in 0..<shape.images {
      let heads = shape.transformer.heads
      let statistics = image * heads..<(image + 1) * heads
      let (inputRows, outputRows) = (shape.inputRows(of: image), shape.outputRows(of: image))
      attentionBackward(
        queryGradient: gradient.query.rows(outputRows),
        keyGradient: gradient.keyValue.rows(inputRows).columns(0..<shape.width),
        valueGradient: gradient.keyValue.rows(inputRows).columns(shape.width..<2 * shape.width),
        outputGradient: attentionGradient.rows(outputRows),
        query: saved.query.rows(outputRows),
        key: saved.keyValue.rows(inputRows).columns(0..<shape.width),
        value: saved.keyValue.rows(inputRows).columns(shape.width..<2 * shape.width),
        maximum: saved.maximum.rows(statistics), inverseSum: saved.inverseSum.rows(statistics),
        scratch: scratch.scores)
    }
    projectQueryKeyValueBackward(gradient, parameters: parameters, gradients: gradients, saved: saved, scratch)

    if shape.dropsTokens { spread(streamGradient, shape: shape, over: scratch.stream) }
    saved.norm1.backward(
      inputGradient: scratch.stream, outputGradient: scratch.norm, input: input, layout: layout.norm1,
      parameters: parameters, gradients: gradients)
    return scratch.stream
  }

  private func mlpBackward(
    streamGradient: Matrix, parameters: ArenaWindow, gradients: ArenaWindow, saved: BlockActivations,
    _ scratch: BlockScratch
  ) {
    let rows = 0..<saved.shape.outputRows
    let (hiddenGradient, normGradient) = (scratch.hidden.rows(rows), scratch.norm.rows(rows))
    linearBackward(
      weightGradient: layout.contraction.weight(in: gradients), biasGradient: layout.contraction.bias(in: gradients),
      outputGradient: streamGradient, input: saved.hidden)
    linearBackward(
      inputGradient: hiddenGradient, outputGradient: streamGradient,
      weight: layout.contraction.weight(in: parameters))
    geluBackward(
      inputGradient: hiddenGradient.flat, outputGradient: hiddenGradient.flat, derivative: saved.hiddenDerivative.flat)
    linearBackward(
      weightGradient: layout.expansion.weight(in: gradients), biasGradient: layout.expansion.bias(in: gradients),
      outputGradient: hiddenGradient, input: saved.norm2.output)
    linearBackward(
      inputGradient: normGradient, outputGradient: hiddenGradient, weight: layout.expansion.weight(in: parameters))
    saved.norm2.backward(
      inputGradient: streamGradient, outputGradient: normGradient, input: saved.middle, layout: layout.norm2,
      parameters: parameters, gradients: gradients)
  }
}

// MARK: - Query, key and value

extension TransformerBlock {
  /// One product for all three where every token is a query; otherwise keys and values for all rows, and queries for
  /// theirs.
  private func projectQueryKeyValue(parameters: ArenaWindow, saved: BlockActivations) {
    let (shape, width) = (saved.shape, saved.shape.width)
    let (weight, bias) = (layout.qkv.weight(in: parameters), layout.qkv.bias(in: parameters))
    guard shape.dropsTokens else {
      linearForward(output: saved.queryKeyValue, input: saved.norm1.output, weight: weight, bias: bias)
      return
    }
    for image in 0..<shape.images {
      copyRows(
        output: saved.queryInput.rows(shape.outputRows(of: image)),
        input: saved.norm1.output.rows(shape.queryRows(of: image)))
    }
    linearForward(
      output: saved.query, input: saved.queryInput, weight: weight.rows(0..<width), bias: bias[0..<width])
    linearForward(
      output: saved.keyValue, input: saved.norm1.output,
      weight: weight.rows(width..<3 * width), bias: bias[width..<3 * width])
  }

  /// Leaves the gradient of `norm1.output` in `scratch.norm`.
  private func projectQueryKeyValueBackward(
    _ gradient: QueryKeyValueGradient, parameters: ArenaWindow, gradients: ArenaWindow, saved: BlockActivations,
    _ scratch: BlockScratch
  ) {
    let (shape, width) = (saved.shape, saved.shape.width)
    let weight = layout.qkv.weight(in: parameters)
    let (weightGradient, biasGradient) = (layout.qkv.weight(in: gradients), layout.qkv.bias(in: gradients))
    guard shape.dropsTokens else {
      linearBackward(
        weightGradient: weightGradient, biasGradient: biasGradient,
        outputGradient: gradient.all, input: saved.norm1.output)
      linearBackward(inputGradient: scratch.norm, outputGradient: gradient.all, weight: weight)
      return
    }
    linearBackward(
      weightGradient: weightGradient.rows(0..<width), biasGradient: biasGradient[0..<width],
      outputGradient: gradient.query, input: saved.queryInput)
    linearBackward(
      weightGradient: weightGradient.rows(width..<3 * width), biasGradient: biasGradient[width..<3 * width],
      outputGradient: gradient.keyValue, input: saved.norm1.output)
    linearBackward(
      inputGradient: scratch.norm, outputGradient: gradient.keyValue, weight: weight.rows(width..<3 * width))
    linearBackward(
      inputGradient: scratch.queryNorm, outputGradient: gradient.query, weight: weight.rows(0..<width))
    for image in 0..<shape.images {
      addRows(
        to: scratch.norm.rows(shape.queryRows(of: image)), scratch.queryNorm.rows(shape.outputRows(of: image)))
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

/// The gradients of queries, keys and values, laid out as the activations are.
private struct QueryKeyValueGradient {
  let all: Matrix
  let query: Matrix
  let keyValue: Matrix

  init(_ shape: BlockShape, _ scratch: BlockScratch) {
    let width = shape.width
    all = scratch.queryKeyValue
    if shape.dropsTokens {
      let floats = all.flat
      let queryCount = shape.outputRows * width
      query = floats[0..<queryCount].reshaped(rows: shape.outputRows, columns: width)
      keyValue = floats[queryCount..<queryCount + shape.inputRows * 2 * width]
        .reshaped(rows: shape.inputRows, columns: 2 * width)
    } else {
      query = all.columns(0..<width)
      keyValue = all.columns(width..<3 * width)
    }
  }
}
