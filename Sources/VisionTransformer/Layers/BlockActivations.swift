import Compute

/// What a block's forward pass leaves for backward. The outputs of the norms and of GELU are not kept: they are computed
/// again from what is, at the speed of memory.
struct BlockActivations<Element: StoredElement> {
  let shape: BlockShape
  let norm1: NormStatistics
  let queryKeyValue: QueryKeyValue<Element>
  /// Softmax's row maxima and inverse sums: [images·H, queries].
  let maximum: Matrix
  let inverseSum: Matrix
  let attention: MatrixView<Element>
  /// The residual stream between attention and MLP.
  let middle: Matrix
  let norm2: NormStatistics
  /// Before GELU.
  let hidden: MatrixView<Element>
  /// The residual stream after the block.
  let output: Matrix

  /// - Parameters:
  ///   - shared: a block before of the same shape, whose memory is taken for what is not kept.
  ///   - kept: how long the block's backward needs what its forward makes. What others share must be the first trained
  ///     block's, which is needed the longest.
  ///   - outputKept: how long its output is needed.
  init(
    _ shape: BlockShape, _ recompute: Recompute, sharing shared: Self?, kept: ClosedRange<Int>,
    outputKept: ClosedRange<Int>, _ sections: inout SectionAllocator
  ) {
    self.shape = shape
    let rows = shape.outputRows
    if recompute == .block, let shared {
      (norm1, queryKeyValue, maximum, inverseSum) = (
        shared.norm1, shared.queryKeyValue, shared.maximum, shared.inverseSum
      )
      (attention, middle, norm2) = (shared.attention, shared.middle, shared.norm2)
    } else {
      (norm1, queryKeyValue) = sections.section(during: kept) { allocator in
        (NormStatistics(rows: shape.inputRows, &allocator), QueryKeyValue(shape, &allocator))
      }
      (maximum, inverseSum, attention, middle, norm2) = sections.section(during: kept) { allocator in
        (
          allocator.matrix(shape.images * shape.transformer.heads, shape.queries),
          allocator.matrix(shape.images * shape.transformer.heads, shape.queries),
          allocator.matrix(rows, shape.width, of: Element.self), allocator.matrix(rows, shape.width),
          NormStatistics(rows: rows, &allocator)
        )
      }
    }
    hidden =
      if recompute != .none, let shared { shared.hidden } else {
        sections.section(during: kept) { $0.matrix(rows, shape.hiddenWidth, of: Element.self) }
      }
    output = sections.section(during: outputKept) { $0.matrix(rows, shape.width) }
  }
}

/// Queries, keys and values of a block, or their gradients.
struct QueryKeyValue<Element: StoredElement> {
  /// [images·queries, D].
  let query: MatrixView<Element>
  /// Keys, then values: [images·tokens, 2D].
  let keyValue: MatrixView<Element>
  /// The two as one matrix [rows, 3D], which they are where every token is a query.
  let all: MatrixView<Element>?

  init(_ shape: BlockShape, _ allocator: inout ArenaAllocator) {
    let count = shape.outputRows * shape.width + shape.inputRows * 2 * shape.width
    self.init(shape, in: allocator.vector(count, of: Element.self))
  }

  /// In the first part of `memory`.
  init(_ shape: BlockShape, in memory: VectorView<Element>) {
    let (width, rows) = (shape.width, shape.inputRows)
    if shape.dropsTokens {
      let queryCount = shape.outputRows * width
      query = memory[0..<queryCount].reshaped(rows: shape.outputRows, columns: width)
      keyValue = memory[queryCount..<queryCount + rows * 2 * width].reshaped(rows: rows, columns: 2 * width)
      all = nil
    } else {
      let matrix = memory[0..<rows * 3 * width].reshaped(rows: rows, columns: 3 * width)
      (query, keyValue, all) = (matrix.columns(0..<width), matrix.columns(width..<3 * width), matrix)
    }
  }

  /// Of one image.
  func query(_ image: Int, _ shape: BlockShape) -> MatrixView<Element> { query.rows(shape.outputRows(of: image)) }
  func key(_ image: Int, _ shape: BlockShape) -> MatrixView<Element> {
    keyValue.rows(shape.inputRows(of: image)).columns(0..<shape.width)
  }
  func value(_ image: Int, _ shape: BlockShape) -> MatrixView<Element> {
    keyValue.rows(shape.inputRows(of: image)).columns(shape.width..<2 * shape.width)
  }
}

/// What the forward passes of a stack's blocks need beside the activations, one block at a time.
struct BlockScratch<Element: StoredElement> {
  /// A norm's output: [rows, D].
  let normOutput: MatrixView<Element>
  /// The normalised rows of the queries alone; only where a block drops tokens.
  let queryInput: MatrixView<Element>
  /// After GELU: [rows, hidden].
  let activated: MatrixView<Element>
  /// Sums of a product before they are rounded.
  let product: Vector
  let heads: AttentionScratch<Element>

  /// - Parameter last: the stack's last block; the others take every token.
  init(_ shape: BlockShape, last: BlockShape, _ allocator: inout ArenaAllocator) {
    let (rows, width) = (shape.inputRows, shape.width)
    normOutput = allocator.matrix(rows, width, of: Element.self)
    queryInput = allocator.matrix(last.dropsTokens ? last.outputRows : 0, width, of: Element.self)
    activated = allocator.matrix(rows, shape.hiddenWidth, of: Element.self)
    product = allocator.vector(
      [width, 2 * width, 3 * width, shape.hiddenWidth].map { Element.productCount(rows: rows, columns: $0) }.max()!)
    heads = AttentionScratch(
      queries: shape.queries, keys: shape.tokens, headWidth: width / shape.transformer.heads, &allocator)
  }
}

/// What the backward passes of a stack's blocks need, one block at a time.
struct BackwardScratch<Element: StoredElement> {
  /// For what is computed again.
  let forward: BlockScratch<Element>
  /// The gradient of the residual stream: [rows, D], handed from block to block; rounded for the products.
  let stream: Matrix
  let roundedStream: MatrixView<Element>
  /// The gradient of a norm's output: [rows, D].
  let normGradient: Matrix
  /// Only where a block drops tokens: the gradient of the stream after it, [images·queries, D], and that of its normalised
  /// queries.
  let queryStream: Matrix
  let queryGradient: Matrix
  let attentionGradient: MatrixView<Element>
  let queryKeyValueGradient: VectorView<Element>
  let hiddenGradient: MatrixView<Element>

  /// - Parameter last: the stack's last block; the others take every token.
  init(_ shape: BlockShape, last: BlockShape, _ allocator: inout ArenaAllocator) {
    let (rows, width) = (shape.inputRows, shape.width)
    let queryRows = last.dropsTokens ? last.outputRows : 0
    forward = BlockScratch(shape, last: last, &allocator)
    stream = allocator.matrix(rows, width)
    roundedStream = allocator.roundedMatrix(rows, width)
    normGradient = allocator.matrix(rows, width)
    queryStream = last.dropsTokens ? allocator.matrix(queryRows, width) : stream
    queryGradient = allocator.matrix(queryRows, width)
    attentionGradient = allocator.matrix(rows, width, of: Element.self)
    queryKeyValueGradient = allocator.vector(rows * 3 * width, of: Element.self)
    hiddenGradient = allocator.matrix(rows, shape.hiddenWidth, of: Element.self)
  }
}

extension ArenaAllocator {
  /// Memory for a matrix of floats when it is rounded; none where floats are not.
  public mutating func roundedMatrix<Element: StoredElement>(_ rows: Int, _ columns: Int) -> MatrixView<Element> {
    matrix(Element.self == Float.self ? 0 : rows, columns, of: Element.self)
  }
}
