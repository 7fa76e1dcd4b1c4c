import Compute
import Parameters

/// A vision transformer without its last norm and its head: patch embedding, positions, cls token and transformer blocks
/// (Dosovitskiy et al. 2021, §3.1). Backward goes as far as it is trained.
public final class EncoderTrunk: Sendable {
  public let configuration: EncoderConfiguration
  private let places: TrunkPlaces
  private let stack: TransformerStack
  private let positions: AlignedBuffer<Float>

  /// - Parameters:
  ///   - places: where the trunk's parameters lie in the tables of the model.
  ///   - positions: what is added to the tokens so that they know their places, the cls token's row first: [1 + L, D].
  public init(_ configuration: EncoderConfiguration, places: TrunkPlaces, positions: [Float]) {
    let (patches, transformer) = (configuration.patches, configuration.transformer)
    precondition(positions.count == (1 + patches.count) * transformer.width, "encoder's position table")
    self.configuration = configuration
    self.places = places
    self.positions = AlignedBuffer(positions)
    stack = TransformerStack(blocks: places.blocks, epsilon: Float(configuration.layerNormEpsilon))
  }

  var epsilon: Float { stack.epsilon }

  /// - Parameters:
  ///   - images: normalised values, plane after plane: [images, C·H·W].
  ///   - order: of each image, its patches with those first that the encoder sees: [images, L].
  ///   - saved: `stack.output` is the result.
  ///   - branches: what the blocks' branches are multiplied by; nil where that is 1 for all.
  @specialized(where Element == Float)
  @specialized(where Element == BFloat16)
  public func forward<Element: StoredElement>(
    images: Matrix, order: MatrixView<Int>, weights: ModelWeights<Element>, saved: TrunkActivations<Element>,
    branches: BranchScales? = nil
  ) {
    gather(images: images, order: order, saved: saved)
    embed(order: order, weights: weights, saved: saved)
    stack.forward(weights: weights, saved: saved.stack, branches: branches)
  }

  /// The same through the first `blocks` blocks alone.
  ///
  /// - Returns: the stream that leaves them.
  @specialized(where Element == Float)
  @specialized(where Element == BFloat16)
  func forward<Element: StoredElement>(
    images: Matrix, order: MatrixView<Int>, weights: ModelWeights<Element>, saved: TrunkActivations<Element>,
    blocks: Int
  ) -> Matrix {
    gather(images: images, order: order, saved: saved)
    embed(order: order, weights: weights, saved: saved)
    return stack.forward(weights: weights, saved: saved.stack, blocks: blocks)
  }

  /// From images to the patches that the encoder sees.
  private func gather<Element: StoredElement>(
    images: Matrix, order: MatrixView<Int>, saved: TrunkActivations<Element>
  ) {
    let seen = saved.seenCount
    for image in 0..<images.rows {
      gatherPatches(
        output: saved.patches.rows(image * seen..<(image + 1) * seen), image: images.row(image),
        order: order.row(image)[0..<seen], patches: configuration.patches)
    }
  }

  /// From `saved.patches` to the stream that enters the first block.
  private func embed<Element: StoredElement>(
    order: MatrixView<Int>, weights: ModelWeights<Element>, saved: TrunkActivations<Element>
  ) {
    let (seen, width) = (saved.seenCount, configuration.transformer.width)
    let positions = positions.all.reshaped(rows: 1 + configuration.patches.count, columns: width)
    let bias = weights.bias(places.patchEmbedding)
    for image in 0..<order.rows {
      for index in 0..<seen {
        add(output: saved.embeddings.row(image * seen + index), positions.row(1 + order[image, index]), bias)
      }
    }
    multiply(
      .plain(saved.patches), .transposed(weights.matrix(places.patchEmbedding)), into: saved.embeddings, from: .target)
    for image in 0..<order.rows {
      let tokens = saved.stack.input.rows(image * (1 + seen)..<(image + 1) * (1 + seen))
      add(output: tokens.row(0), weights[places.clsToken], positions.row(0))
      copyRows(
        output: tokens.rows(1..<1 + seen), input: saved.embeddings.rows(image * seen..<(image + 1) * seen))
    }
  }

  /// Takes the gradient of the stream from `saved.stack.outputGradient`.
  @specialized(where Element == Float)
  @specialized(where Element == BFloat16)
  public func backward<Element: StoredElement>(
    weights: ModelWeights<Element>, saved: TrunkActivations<Element>, gradients: GroupGradients,
    branches: BranchScales? = nil
  ) {
    let gradient = stack.backward(weights: weights, saved: saved.stack, gradients: gradients, branches: branches)
    guard places.trainsEmbedding else { return }
    gradients.write(places.embeddingGroup) { gradients in
      let (seen, tokens) = (saved.seenCount, 1 + saved.seenCount)
      let cls = gradients[places.clsToken]
      clear(cls)
      for image in 0..<gradient.rows / tokens {
        add(output: cls, cls, gradient.row(image * tokens))
        copyRows(
          output: saved.embeddings.rows(image * seen..<(image + 1) * seen),
          input: gradient.rows(image * tokens + 1..<(image + 1) * tokens))
      }
      linearBackward(
        weightGradient: places.patchEmbedding.weight(in: gradients),
        biasGradient: places.patchEmbedding.bias(in: gradients),
        outputGradient: Element.stored(saved.embeddings, in: saved.roundedEmbeddings), input: saved.patches)
    }
  }
}
