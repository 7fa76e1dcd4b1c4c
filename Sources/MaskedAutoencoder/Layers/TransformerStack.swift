import Compute

/// What a stack of blocks leaves for backward, and the scratch that its blocks share.
struct StackActivations<Element: StoredElement> {
  let recompute: Recompute
  /// The residual stream before the first block: [images·tokens, D].
  let input: Matrix
  let blocks: [BlockActivations<Element>]
  let scratch: BlockScratch<Element>
  let backwardScratch: BackwardScratch<Element>

  /// - Parameters:
  ///   - queries: an image's last tokens whose output is wanted of the last block.
  ///   - firstBlock: the moment of the first block's forward pass; the moment before makes `input`, and the moment after
  ///     the last block uses `output`.
  init(
    images: Int, tokens: Int, queries: Int, transformer: TransformerConfiguration, recompute: Recompute,
    firstBlock: Int, moments: StepMoments, _ sections: inout SectionAllocator
  ) {
    let shape = BlockShape(images: images, tokens: tokens, queries: tokens, transformer: transformer)
    let last = BlockShape(images: images, tokens: tokens, queries: queries, transformer: transformer)
    self.recompute = recompute
    input = sections.section(during: moments.kept(firstBlock - 1)) { $0.matrix(shape.inputRows, shape.width) }
    var blocks: [BlockActivations<Element>] = []
    for index in 0..<transformer.depth {
      let dropsTokens = index == transformer.depth - 1 && last.dropsTokens
      blocks.append(
        BlockActivations(
          dropsTokens ? last : shape, recompute, sharing: dropsTokens ? nil : blocks.first,
          kept: moments.kept(firstBlock + index), &sections))
    }
    self.blocks = blocks
    let afterLast = firstBlock + transformer.depth
    scratch = sections.section(during: firstBlock...afterLast - 1) { BlockScratch(shape, last: last, &$0) }
    backwardScratch = sections.section(
      during: moments.backward(of: afterLast)...moments.backward(of: firstBlock - 1)
    ) { BackwardScratch(shape, last: last, &$0) }
  }

  var output: Matrix { blocks[blocks.count - 1].output }
  /// Where backward expects the gradient of `output`.
  var outputGradient: Matrix { backwardScratch.queryStream }

  func input(of block: Int) -> Matrix { block == 0 ? input : blocks[block - 1].output }
}

/// Transformer blocks one after another.
struct TransformerStack: Sendable {
  let blocks: [BlockLayout]
  let epsilon: Float

  func forward<Element: StoredElement>(weights: ModelWeights<Element>, saved: StackActivations<Element>) {
    for index in blocks.indices { forward(block: index, weights: weights, saved: saved, scratch: saved.scratch) }
  }

  private func forward<Element: StoredElement>(
    block index: Int, weights: ModelWeights<Element>, saved: StackActivations<Element>, scratch: BlockScratch<Element>
  ) {
    TransformerBlock(layout: blocks[index], epsilon: epsilon, weights: weights).forward(
      input: saved.input(of: index), saved: saved.blocks[index], scratch: scratch)
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
      if saved.recompute == .block, index < blocks.count - 1 {
        forward(block: index, weights: weights, saved: saved, scratch: saved.backwardScratch.forward)
      }
      gradient = TransformerBlock(layout: blocks[index], epsilon: epsilon, weights: weights).backward(
        streamGradient: gradient, input: saved.input(of: index), saved: saved.blocks[index],
        scratch: saved.backwardScratch, recompute: saved.recompute, gradients: gradients)
    }
    return gradient
  }
}
