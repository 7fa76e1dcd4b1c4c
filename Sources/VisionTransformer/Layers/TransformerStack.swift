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
    input = sections.section(during: timeline.kept(from: stages.before)) { $0.matrix(shape.inputRows, shape.width) }
    var blocks: [BlockActivations<Element>] = []
    for (index, stage) in stages.blocks.enumerated() {
      let dropsTokens = index == transformer.depth - 1 && last.dropsTokens
      blocks.append(
        BlockActivations(
          dropsTokens ? last : shape, recompute, sharing: dropsTokens ? nil : blocks.first,
          kept: timeline.kept(from: stage), &sections))
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
  @specialized(where Element == Float)
  @specialized(where Element == BFloat16)
  public func forward<Element: StoredElement>(weights: ModelWeights<Element>, saved: StackActivations<Element>) {
    for index in blocks.indices { forward(block: index, weights: weights, saved: saved, scratch: saved.scratch) }
  }

  private func forward<Element: StoredElement>(
    block index: Int, weights: ModelWeights<Element>, saved: StackActivations<Element>, scratch: BlockScratch<Element>
  ) {
    TransformerBlock(place: blocks[index], epsilon: epsilon, weights: weights).forward(
      input: saved.input(of: index), saved: saved.blocks[index], scratch: scratch)
  }

  /// Takes the gradient of the output from `saved.outputGradient`.
  ///
  /// - Returns: the gradient of `saved.input`.
  @specialized(where Element == Float)
  @specialized(where Element == BFloat16)
  public func backward<Element: StoredElement>(
    weights: ModelWeights<Element>, saved: StackActivations<Element>, gradients: GroupGradients
  ) -> Matrix {
    var gradient = saved.outputGradient
    for index in blocks.indices.reversed() {
      // What the last block made is still there.
      if saved.recompute == .block, index < blocks.count - 1 {
        forward(block: index, weights: weights, saved: saved, scratch: saved.backwardScratch.forward)
      }
      gradient = TransformerBlock(place: blocks[index], epsilon: epsilon, weights: weights).backward(
        streamGradient: gradient, input: saved.input(of: index), saved: saved.blocks[index],
        scratch: saved.backwardScratch, recompute: saved.recompute, gradients: gradients)
    }
    return gradient
  }
}
