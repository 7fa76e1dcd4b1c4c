import Compute
import Parameters
import VisionTransformer

/// What the decoder leaves for backward.
struct DecoderActivations<Element: StoredElement> {
  /// The latent at the decoder's width, and its gradient in backward: [images·(1 + N), D].
  let embeddings: Matrix
  let roundedEmbeddings: MatrixView<Element>
  let stack: StackActivations<Element>
  let norm: NormStatistics
  /// [images·painted, D], and its gradient.
  let normOutput: MatrixView<Element>
  let normGradient: Matrix
  /// The painted patches, values in the order (row, column, channel), and their gradient after the loss:
  /// [images·painted, P·P·C].
  let predictions: Matrix
  let roundedPredictions: MatrixView<Element>

  init(
    images: Int, model: ModelConfiguration, painting: Painting, recompute: Recompute, stages: DecoderStages,
    timeline: Timeline, _ sections: inout SectionAllocator
  ) {
    let queries = painting == .all ? model.patchCount : model.maskedCount
    let (painted, seen, width) = (images * queries, images * (1 + model.visibleCount), model.decoder.width)
    (embeddings, roundedEmbeddings) = sections.section(during: timeline.kept(from: stages.embedding)) { allocator in
      (allocator.matrix(seen, width), allocator.roundedMatrix(seen, width))
    }
    stack = StackActivations(
      images: images, tokens: 1 + model.patchCount, queries: queries, transformer: model.decoder, recompute: recompute,
      stages: StackStages(before: stages.embedding, blocks: stages.blocks, after: stages.prediction),
      timeline: timeline, &sections)
    (norm, normOutput, normGradient) = sections.section(during: timeline.kept(from: stages.prediction)) { allocator in
      (
        NormStatistics(rows: painted, &allocator), allocator.matrix(painted, width, of: Element.self),
        allocator.matrix(painted, width)
      )
    }
    (predictions, roundedPredictions) = sections.section(during: timeline.kept(from: stages.prediction)) { allocator in
      (allocator.matrix(painted, model.patchValues), allocator.roundedMatrix(painted, model.patchValues))
    }
  }
}

/// Paints the removed patches from the latent of the visible ones (He et al. 2022, §3, "MAE decoder").
///
/// An image's tokens are cls, visible, removed, in the order of `patchOrder`: the removed ones lie together, so the
/// last block works for them alone, and the prediction is made where the loss is taken and nowhere else.
final class Decoder: Sendable {
  private let places: DecoderPlaces
  private let stack: TransformerStack
  private let visibleCount: Int
  private let patchCount: Int
  private let width: Int
  private let positions: AlignedBuffer<Float>

  /// - Parameter positions: what is added to the tokens so that they know their places: [1 + L, D].
  init(_ model: ModelConfiguration, places: DecoderPlaces, positions: [Float]) {
    precondition(positions.count == (1 + model.patchCount) * model.decoder.width, "decoder's position table")
    self.places = places
    self.positions = AlignedBuffer(positions)
    visibleCount = model.visibleCount
    patchCount = model.patchCount
    width = model.decoder.width
    stack = TransformerStack(blocks: places.blocks, epsilon: Float(model.layerNormEpsilon))
  }

  /// - Parameters:
  ///   - latent: [images·(1 + N), encoder's D].
  ///   - order: of each image, its patches with the visible ones first: [images, L].
  ///   - saved: `predictions` becomes the painted patches.
  func forward<Element: StoredElement>(
    latent: MatrixView<Element>, order: MatrixView<Int>, weights: ModelWeights<Element>,
    saved: DecoderActivations<Element>
  ) {
    let positions = positions.all.reshaped(rows: 1 + patchCount, columns: width)
    linearForward(
      output: saved.embeddings, input: latent,
      weight: weights.matrix(places.embedding), bias: weights.bias(places.embedding))
    let maskToken = weights[places.maskToken]
    let seen = 1 + visibleCount
    for image in 0..<order.rows {
      let tokens = saved.stack.input.rows(image * (1 + patchCount)..<(image + 1) * (1 + patchCount))
      let embeddings = saved.embeddings.rows(image * seen..<(image + 1) * seen)
      add(output: tokens.row(0), embeddings.row(0), positions.row(0))
      for index in 0..<order.columns {
        let token = index < visibleCount ? embeddings.row(1 + index) : maskToken
        add(output: tokens.row(1 + index), token, positions.row(1 + order[image, index]))
      }
    }
    stack.forward(weights: weights, saved: saved.stack)
    saved.norm.forward(
      output: saved.normOutput, input: saved.stack.output, place: places.norm, weights: weights,
      epsilon: stack.epsilon)
    linearForward(
      output: saved.predictions, input: saved.normOutput,
      weight: weights.matrix(places.prediction), bias: weights.bias(places.prediction))
  }

  /// - Parameters:
  ///   - latent: what forward was given.
  ///   - latentGradient: its gradient, overwritten.
  ///   - saved: `predictions` holds the gradient of the predictions.
  func backward<Element: StoredElement>(
    latentGradient: Matrix, latent: MatrixView<Element>, weights: ModelWeights<Element>,
    saved: DecoderActivations<Element>, gradients: GroupGradients
  ) {
    gradients.write(places.predictionGroup) { gradients in
      let outputGradient = Element.stored(saved.predictions, in: saved.roundedPredictions)
      linearBackward(
        weightGradient: places.prediction.weight(in: gradients), biasGradient: places.prediction.bias(in: gradients),
        outputGradient: outputGradient, input: saved.normOutput)
      linearBackward(
        inputGradient: saved.normGradient, outputGradient: outputGradient, weight: weights.matrix(places.prediction))
      clear(saved.stack.outputGradient.flat)
      saved.norm.backward(
        inputGradient: saved.stack.outputGradient, outputGradient: saved.normGradient, input: saved.stack.output,
        place: places.norm, weights: weights, gradients: gradients)
    }
    let gradient = stack.backward(weights: weights, saved: saved.stack, gradients: gradients)
    gradients.write(places.embeddingGroup) { gradients in
      let seen = 1 + visibleCount
      let maskToken = gradients[places.maskToken]
      clear(maskToken)
      for image in 0..<gradient.rows / (1 + patchCount) {
        let tokens = gradient.rows(image * (1 + patchCount)..<(image + 1) * (1 + patchCount))
        copyRows(output: saved.embeddings.rows(image * seen..<(image + 1) * seen), input: tokens.rows(0..<seen))
        for row in seen..<tokens.rows { add(output: maskToken, maskToken, tokens.row(row)) }
      }
      let outputGradient = Element.stored(saved.embeddings, in: saved.roundedEmbeddings)
      linearBackward(
        weightGradient: places.embedding.weight(in: gradients),
        biasGradient: places.embedding.bias(in: gradients), outputGradient: outputGradient, input: latent)
      linearBackward(
        inputGradient: latentGradient, outputGradient: outputGradient, weight: weights.matrix(places.embedding))
    }
  }
}
