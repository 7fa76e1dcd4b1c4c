import Compute

extension MatrixProduct {
  /// The products of a transformer block, forward and backward.
  ///
  /// - Parameter queries: an image's last tokens whose output is wanted; the block works for them alone.
  public static func block(
    _ transformer: TransformerConfiguration, images: Int, tokens: Int, queries: Int
  ) -> [MatrixProduct] {
    let (width, hidden, heads) = (transformer.width, transformer.hiddenWidth, transformer.heads)
    let attentions = images * heads
    let headWidth = width / heads
    func product(_ form: MatrixProduct.Form, _ rows: Int, _ columns: Int, _ inner: Int, times: Int) -> MatrixProduct {
      MatrixProduct(form: form, rows: rows, columns: columns, inner: inner, count: attentions * times)
    }
    return
      (queries == tokens
      ? linear(images * tokens, from: width, to: 3 * width)
      : linear(images * queries, from: width, to: width) + linear(images * tokens, from: width, to: 2 * width))
      + [
        product(.secondTransposed, queries, tokens, headWidth, times: 2),  // scores, and the probabilities' gradient
        product(.plain, queries, headWidth, tokens, times: 2),  // output, and the queries' gradient
        product(.firstTransposed, tokens, headWidth, queries, times: 2),  // the gradients of values and keys
      ]
      + linear(images * queries, from: width, to: width) + linear(images * queries, from: width, to: hidden)
      + linear(images * queries, from: hidden, to: width)
  }

  /// The products of a linear layer over `rows` rows, forward and backward.
  public static func linear(
    _ rows: Int, from inputs: Int, to outputs: Int, givesInputGradient: Bool = true
  ) -> [MatrixProduct] {
    [
      MatrixProduct(form: .secondTransposed, rows: rows, columns: outputs, inner: inputs, count: 1),
      MatrixProduct(form: .firstTransposed, rows: outputs, columns: inputs, inner: rows, count: 1),
    ]
      + (givesInputGradient
        ? [MatrixProduct(form: .plain, rows: rows, columns: inputs, inner: outputs, count: 1)] : [])
  }
}

extension EncoderConfiguration {
  /// The products of the encoder, forward and backward, over `images` images of which it sees `seenCount` patches each.
  public func matrixProducts(images: Int, seenCount: Int) -> [MatrixProduct] {
    let tokens = 1 + seenCount
    let block = MatrixProduct.block(transformer, images: images, tokens: tokens, queries: tokens)
    return MatrixProduct.linear(
      images * seenCount, from: patches.patchValues, to: transformer.width, givesInputGradient: false)
      + (0..<transformer.depth).flatMap { _ in block }
  }
}
