/// The precision of the matrix products. Parameters, moments, norms, the residual stream and all sums are single
/// precision in both.
public enum Precision: String, CaseIterable, Sendable {
  case fp32
  /// Products take bfloat16, and what they give is kept in it for backward (Kalamkar et al. 2019).
  case bf16

  /// Opens the libraries that make products, where some do; to be called before the first of them, which cannot throw. Beside
  /// those of bfloat16 there are always some of single precision.
  public func openProducts() throws(LibraryError) {
    try BLAS.openChosen()
    if self == .bf16 { _ = try BFloat16.openProducts() }
  }
}

/// What backward computes again instead of finding it kept: memory for time. The results are the same, to the bit.
public enum Recompute: String, CaseIterable, Sendable {
  case none
  /// The hidden values of each block's MLP.
  case mlp
  /// Everything in a block but the stream that enters it (Chen et al. 2016).
  case block
}
