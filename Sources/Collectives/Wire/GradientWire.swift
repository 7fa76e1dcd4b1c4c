/// What a number of a gradient is while it crosses between two ranks. In memory it is a `Float` all the time.
public enum GradientWire: String, CaseIterable, Sendable {
  /// As it is.
  case fp32
  /// Rounded to `BFloat16`: half the bytes.
  ///
  /// Of two partial sums that meet, both are rounded, the one that stays as well as the one that travels, and their sum
  /// is a `Float` again. So both partners have the same bits, and as with `fp32` these depend on the tree of the ranks
  /// alone, not on an element's position, the length of the vector or who owns what. The total is rounded too, on every
  /// rank.
  ///
  /// How often a virtual worker's part is rounded follows from the number of ranks p: ⌈log2 p⌉ + 1 times, each with a
  /// relative error of at most 2⁻⁸, and never on one rank. So the bits depend on p, and repeat for the same p.
  case bf16

  var bytesPerFloat: Int {
    switch self {
    case .fp32: 4
    case .bf16: 2
    }
  }
}
