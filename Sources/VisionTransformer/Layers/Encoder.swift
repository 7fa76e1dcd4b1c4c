import Compute
import Parameters

/// A vision transformer without a head: a trunk and a last norm (Dosovitskiy et al. 2021, §3.1).
///
/// It works for the patches that it is told of alone. In a masked autoencoder these are the visible ones: a removed patch
/// is never embedded, attended to or multiplied with anything (He et al. 2022, §3, "MAE encoder").
public final class Encoder: Sendable {
  public let configuration: EncoderConfiguration
  public let places: EncoderPlaces
  private let trunk: EncoderTrunk

  /// - Parameters:
  ///   - places: where the encoder's parameters lie in the table of the model.
  ///   - positions: what is added to the tokens so that they know their places, the cls token's row first: [1 + L, D].
  public init(_ configuration: EncoderConfiguration, places: EncoderPlaces, positions: [Float]) {
    self.configuration = configuration
    self.places = places
    trunk = EncoderTrunk(configuration, places: places.trunk, positions: positions)
  }

  /// - Parameters:
  ///   - images: normalised values, plane after plane: [images, C·H·W].
  ///   - order: of each image, its patches with those first that the encoder sees: [images, L].
  ///   - saved: `latent` is the result.
  @specialized(where Element == Float)
  @specialized(where Element == BFloat16)
  public func forward<Element: StoredElement>(
    images: Matrix, order: MatrixView<Int>, weights: ModelWeights<Element>, saved: EncoderActivations<Element>
  ) {
    trunk.forward(images: images, order: order, weights: weights, saved: saved.trunk)
    saved.norm.forward(
      output: saved.latent, input: saved.trunk.stack.output, place: places.norm, weights: weights,
      epsilon: trunk.epsilon)
  }

  /// The same up to some block.
  ///
  /// - Parameter blocks: how many blocks the stream goes through, from none to all.
  /// - Returns: the stream that leaves the last of them, [images·(1 + N), D], without the norm that follows all of them.
  @specialized(where Element == Float)
  @specialized(where Element == BFloat16)
  func forward<Element: StoredElement>(
    images: Matrix, order: MatrixView<Int>, weights: ModelWeights<Element>, saved: EncoderActivations<Element>,
    blocks: Int
  ) -> Matrix {
    trunk.forward(images: images, order: order, weights: weights, saved: saved.trunk, blocks: blocks)
  }

  /// - Parameter latentGradient: [images·(1 + N), D].
  @specialized(where Element == Float)
  @specialized(where Element == BFloat16)
  public func backward<Element: StoredElement>(
    latentGradient: Matrix, weights: ModelWeights<Element>, saved: EncoderActivations<Element>,
    gradients: GroupGradients
  ) {
    let stack = saved.trunk.stack
    gradients.write(places.normGroup) { gradients in
      clear(stack.outputGradient.flat)
      saved.norm.backward(
        inputGradient: stack.outputGradient, outputGradient: latentGradient, input: stack.output,
        place: places.norm, weights: weights, gradients: gradients)
    }
    trunk.backward(weights: weights, saved: saved.trunk, gradients: gradients)
  }
}
