import Compute
import VisionTransformer

extension ModelConfiguration {
  /// The matrix products of forward and backward over `images` images, counted from the shapes: what the model needs,
  /// without what is computed a second time to save memory.
  public func matrixProducts(images: Int) -> [MatrixProduct] {
    let tokens = 1 + patchCount
    var products = encoderConfiguration.matrixProducts(images: images, seenCount: visibleCount)
    products += MatrixProduct.linear(images * (1 + visibleCount), from: encoder.width, to: decoder.width)
    for index in 0..<decoder.depth {
      let queries = index == decoder.depth - 1 ? maskedCount : tokens
      products += MatrixProduct.block(decoder, images: images, tokens: tokens, queries: queries)
    }
    return products + MatrixProduct.linear(images * maskedCount, from: decoder.width, to: patchValues)
  }

  /// Operations of forward and backward for one image.
  public var operationsPerImage: Double {
    matrixProducts(images: 1).reduce(0) { $0 + $1.operations }
  }
}
