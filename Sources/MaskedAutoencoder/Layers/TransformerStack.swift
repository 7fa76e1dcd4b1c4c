import Compute

/// What a stack of blocks leaves for backward, and the scratch that its blocks share.
struct StackActivations<Element: StoredElement> {
  let recompute: Recompute
  /// The residual stream before the first block: [images·tokens, D].
  let input: Matrix
  let blocks: [BlockActivations<Element>]
  let scratch: BlockScratch<Element>

  /// - Parameters:
  ///   - queries: an image's last tokens whose output is wanted of the last block.
  ///   - isForBackward: otherwise the blocks take turns with the memory of two.
  init(
    images: Int, tokens: Int, queries: Int, transformer: TransformerConfiguration, recompute: Recompute,
    isForBackward: Bool = true, _ allocator: inout ArenaAllocator
  ) {
    precondition(isForBackward || queries == tokens, "blocks that share memory have one shape")
    let shape = BlockShape(images: images, tokens: tokens, queries: tokens, transformer: transformer)
    let last = BlockShape(images: images, tokens: tokens, queries: queries, transformer: transformer)
    self.recompute = recompute
    input = allocator.matrix(shape.inputRows, shape.width)
    var blocks: [BlockActivations<Element>] = []
    for index in 0..<transformer.depth {
      if !isForBackward, index >= 2 {
        blocks.append(blocks[index - 2])
      } else if index == transformer.depth - 1, last.dropsTokens {
        blocks.append(BlockActivations(last, recompute, sharing: nil, &allocator))
      } else {
        blocks.append(BlockActivations(shape, recompute, sharing: blocks.last, &allocator))
      }
    }
    self.blocks = blocks
    scratch = BlockScratch(shape, last: last, &allocator)
  }

  var output: Matrix { blocks[blocks.count - 1].output }
  /// Where backward expects the gradient of `output`.
  var outputGradient: Matrix { scratch.queryStream }

  func input(of block: Int) -> Matrix { block == 0 ? input : blocks[block - 1].output }
}

/// Transformer blocks one after another.
struct TransformerStack: Sendable {
  let blocks: [BlockLayout]
  let epsilon: Float

  func forward<Element: StoredElement>(weights: ModelWeights<Element>, saved: StackActivations<Element>) {
    for index in blocks.indices { forward(block: index, weights: weights, saved: saved) }
  }

  private func forward<Element: StoredElement>(
    block index: Int, weights: ModelWeights<Element>, saved: StackActivations<Element>
  ) {
    TransformerBlock(layout: blocks[index], epsilon: epsilon, weights: weights).forward(
      input: saved.input(of: index), saved: saved.blocks[index], scratch: saved.scratch)
  }

  /// Takes the gradient of the output from `saved.outputGradient`.
  ///
  /// - Returns: the gradient of `saved.input`.
  func backward<Element: StoredElement>(
    weights: ModelWeights<Element>, saved: StackActivations<Element>, gradients: GroupGradients<some GradientReceiver>
  ) -> Matrix {
    var gradient = saved.outputGradient
    for index in blocks.indices.reversed() {
      // What the last block made is still there.
      if saved.recompute == .block, index < blocks.count - 1 { forward(block: index, weights: weights, saved: saved) }
      gradient = TransformerBlock(layout: blocks[index], epsilon: epsilon, weights: weights).backward(
        streamGradient: gradient, input: saved.input(of: index), saved: saved.blocks[index], scratch: saved.scratch,
        recompute: saved.recompute, gradients: gradients)
    }
    return gradient
  }
}
