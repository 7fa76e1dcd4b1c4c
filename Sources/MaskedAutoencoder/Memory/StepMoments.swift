import Compute

/// The moments of a step by which the lifetimes of activations are told: one for each part of forward, and as many for
/// backward, which goes the same way back.
///
/// An activation that a part of forward makes is needed until backward is through the same part. The gradient of a part's
/// parameters is there from backward's moment on.
struct StepMoments {
  private let encoderDepth: Int
  private let decoderDepth: Int
  /// Otherwise what a part makes is needed by the next part, and no longer.
  private let hasBackward: Bool

  init(_ model: ModelConfiguration, hasBackward: Bool = true) {
    encoderDepth = model.encoder.depth
    decoderDepth = model.decoder.depth
    self.hasBackward = hasBackward
  }

  /// From patches to the encoder's stream.
  var embedding: Int { 0 }
  var firstEncoderBlock: Int { 1 }
  var encoderNorm: Int { firstEncoderBlock + encoderDepth }
  var decoderEmbedding: Int { encoderNorm + 1 }
  var firstDecoderBlock: Int { decoderEmbedding + 1 }
  /// The decoder's norm, the predictions, and the loss: the last of forward.
  var prediction: Int { firstDecoderBlock + decoderDepth }

  /// When backward is at the part that forward was at in `moment`.
  func backward(of moment: Int) -> Int { 2 * prediction + 1 - moment }

  var all: ClosedRange<Int> { embedding...backward(of: embedding) }

  /// How long something is needed that forward makes at `moment`.
  func kept(_ moment: Int) -> ClosedRange<Int> { moment...(hasBackward ? backward(of: moment) : moment + 1) }

  /// The gradient as memory that is lent: each group until backward is at its part.
  func loans(of layout: ModelLayout) -> [Loan] {
    func loan(_ group: Int, _ moment: Int) -> Loan {
      Loan(layout.table.groups[group].range, until: backward(of: moment))
    }
    func loans(_ blocks: [BlockLayout], first: Int) -> [Loan] {
      blocks.enumerated().flatMap { index, block in
        [block.qkvGroup, block.projectionGroup, block.expansionGroup, block.contractionGroup].map {
          loan($0, first + index)
        }
      }
    }
    return [loan(layout.embeddingGroup, embedding)]
      + loans(layout.encoderBlocks, first: firstEncoderBlock)
      + [loan(layout.encoderNormGroup, encoderNorm), loan(layout.decoderEmbeddingGroup, decoderEmbedding)]
      + loans(layout.decoderBlocks, first: firstDecoderBlock) + [loan(layout.predictionGroup, prediction)]
  }
}
