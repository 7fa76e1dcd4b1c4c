import Compute
import Parameters

/// What a stack of blocks leaves for backward, and the scratch that its blocks share.
public struct StackActivations<Element: StoredElement> {
  let recompute: Recompute
  /// The residual stream before the first block: [images·tokens, D].
  public let input: Matrix
  let blocks: [BlockActivations<Element>]
  let scratch: BlockScratch<Element>
  /// Only where the step has a backward pass.
  private let backward: BackwardScratch<Element>?

  /// - Parameters:
  ///   - queries: an image's last tokens whose output is wanted of the last block.
  ///   - stages: where the blocks are in `timeline`, one stage each, and the stages around them.
  public init(
    images: Int, tokens: Int, queries: Int, transformer: TransformerConfiguration, recompute: Recompute,
    stages: StackStages, timeline: Timeline, _ sections: inout SectionAllocator
  ) {
    precondition(stages.blocks.count == transformer.depth, "one stage a block")
    let shape = BlockShape(images: images, tokens: tokens, queries: tokens, transformer: transformer)
    let last = BlockShape(images: images, tokens: tokens, queries: queries, transformer: transformer)
    self.recompute = recompute
    input = sections.section(during: timeline.kept(from: stages.before, for: stages.blocks[0])) {
      $0.matrix(shape.inputRows, shape.width)
    }
    var blocks: [BlockActivations<Element>] = []
    var firstTrained: BlockActivations<Element>?
    for (index, stage) in stages.blocks.enumerated() {
      let isLast = index == transformer.depth - 1
      let dropsTokens = isLast && last.dropsTokens
      let block = BlockActivations<Element>(
        dropsTokens ? last : shape, recompute, sharing: dropsTokens ? nil : firstTrained,
        kept: timeline.kept(from: stage),
        outputKept: timeline.kept(from: stage, for: isLast ? stages.after : stages.blocks[index + 1]), &sections)
      if !timeline.isFrozen(stage), firstTrained == nil { firstTrained = block }
      blocks.append(block)
    }
    self.blocks = blocks
    scratch = sections.section(during: timeline.forward(stages.blocks.first!, through: stages.blocks.last!)) {
      BlockScratch(shape, last: last, &$0)
    }
    backward =
      timeline.hasBackward
      ? sections.section(during: timeline.backward(stages.after, through: stages.before)) {
        BackwardScratch(shape, last: last, &$0)
      } : nil
  }

  var backwardScratch: BackwardScratch<Element> {
    guard let backward else { preconditionFailure("the step has no backward pass") }
    return backward
  }

  public var output: Matrix { blocks[blocks.count - 1].output }
  /// Where backward expects the gradient of `output`.
  public var outputGradient: Matrix { backwardScratch.queryStream }

  func input(of block: Int) -> Matrix { block == 0 ? input : blocks[block - 1].output }
}

/// Where a stack of blocks is in a timeline.
public struct StackStages: Sendable {
  /// Makes the stream that enters the first block.
  let before: Timeline.Stage
  let blocks: [Timeline.Stage]
  /// Takes the stream that leaves the last block.
  let after: Timeline.Stage

  public init(before: Timeline.Stage, blocks: [Timeline.Stage], after: Timeline.Stage) {
    self.before = before
    self.blocks = blocks
    self.after = after
  }
}

/// Transformer blocks one after another.
public struct TransformerStack: Sendable {
  private let blocks: [BlockPlace]
  public let epsilon: Float

  public init(blocks: [BlockPlace], epsilon: Float) {
    self.blocks = blocks
    self.epsilon = epsilon
  }

  /// Takes the stream from `saved.input` and leaves it in `saved.output`.
  ///
  /// - Parameter branches: what the branches of all blocks are multiplied by; nil where that is 1 for all.
  @specialized(where Element == Float)
  @specialized(where Element == BFloat16)
  public func forward<Element: StoredElement>(
    weights: ModelWeights<Element>, saved: StackActivations<Element>, branches: BranchScales? = nil
  ) {
    for index in blocks.indices {
      forward(block: index, weights: weights, saved: saved, scratch: saved.scratch, branches: branches)
    }
  }

  /// Takes the stream through the first `blocks` blocks alone.
  ///
  /// - Returns: the stream that leaves them. What is computed later may lie over it.
  @specialized(where Element == Float)
  @specialized(where Element == BFloat16)
  func forward<Element: StoredElement>(
    weights: ModelWeights<Element>, saved: StackActivations<Element>, blocks: Int
  ) -> Matrix {
    for index in 0..<blocks {
      forward(block: index, weights: weights, saved: saved, scratch: saved.scratch, branches: nil)
    }
    return saved.input(of: blocks)
  }

  private func forward<Element: StoredElement>(
    block index: Int, weights: ModelWeights<Element>, saved: StackActivations<Element>, scratch: BlockScratch<Element>,
    branches: BranchScales?
  ) {
    TransformerBlock(place: blocks[index], epsilon: epsilon, weights: weights, scales: branches?.ofBlock(index))
      .forward(
        input: saved.input(of: index), saved: saved.blocks[index], scratch: scratch)
  }

  /// Takes the gradient of the output from `saved.outputGradient`, and goes back through the blocks that are trained.
  ///
  /// - Parameter branches: as for `forward`.
  /// - Returns: the gradient of the first trained block's input, which is that of `saved.input` where all are; nothing of
  ///   use where only the block's MLP is trained.
  @specialized(where Element == Float)
  @specialized(where Element == BFloat16)
  public func backward<Element: StoredElement>(
    weights: ModelWeights<Element>, saved: StackActivations<Element>, gradients: GroupGradients,
    branches: BranchScales? = nil
  ) -> Matrix {
    var gradient = saved.outputGradient
    for index in blocks.indices.reversed() where blocks[index].trainsMLP {
      // What the last block made is still there.
      if saved.recompute == .block, index < blocks.count - 1 {
        forward(
          block: index, weights: weights, saved: saved, scratch: saved.backwardScratch.forward, branches: branches)
      }
      let block = TransformerBlock(
        place: blocks[index], epsilon: epsilon, weights: weights, scales: branches?.ofBlock(index))
      gradient = block.backward(
        streamGradient: gradient, input: saved.input(of: index), saved: saved.blocks[index],
        scratch: saved.backwardScratch, recompute: saved.recompute, gradients: gradients)
    }
    return gradient
  }
}
