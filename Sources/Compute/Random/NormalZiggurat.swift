extension RandomStream {
  /// A number from the standard normal distribution, for noise in bulk: mostly one multiplication, where
  /// ``normal()`` takes a logarithm and a cosine. A number has 23 random bits within its layer.
  ///
  /// By the ziggurat (Marsaglia and Tsang 2000, "The ziggurat method for generating random variables", in the form of
  /// Doornik 2005): 255 rectangles and a base with the tail, all of one area, lie under the curve. A point of a layer that
  /// also lies in the layer above is accepted at once, 99 of 100; the others are held against the curve.
  public mutating func fastNormal() -> Float {
    let layers = NormalZiggurat.layers
    while true {
      let word = nextWord()
      let layer = Int(word & 255)
      let x = Double(word >> 9) * 0x1p-23 * layers.edges[layer]
      let value = Float(word & 256 == 0 ? x : -x)
      if x < layers.edges[layer + 1] { return value }
      if layer == 0 { return value < 0 ? -tail() : tail() }
      let (low, high) = (layers.heights[layer], layers.heights[layer + 1])
      if low + (high - low) * uniform(in: 0...1) < NormalZiggurat.curve(x) { return value }
    }
  }

  /// Of the part beyond the base's edge (Marsaglia 1964).
  private mutating func tail() -> Float {
    let edge = NormalZiggurat.baseEdge
    while true {
      let beyond = -Elementary.log(1 - uniform(in: 0...1)) / edge
      if -2 * Elementary.log(1 - uniform(in: 0...1)) > beyond * beyond { return Float(edge + beyond) }
    }
  }
}

/// The layers of the ziggurat under e^(−x²/2).
struct NormalZiggurat: Sendable {
  /// Where the base's rectangle ends and the tail begins, for 256 layers.
  static let baseEdge = 3.654_152_885_361_008_8
  /// The area of each layer: of the base with its tail too.
  static let area = 0.004_928_673_233_974_655

  static let layers = NormalZiggurat()

  /// The right edge of each layer from the base upwards, and 0 above the last. That of the base is where its rectangle
  /// would end if the tail's area were part of it.
  let edges: [Double]
  /// The curve at each edge.
  let heights: [Double]

  private init() {
    var edges = [Self.area / Self.curve(Self.baseEdge), Self.baseEdge]
    while edges.count < 256 {
      let last = edges[edges.count - 1]
      edges.append((-2 * Elementary.log(Self.area / last + Self.curve(last))).squareRoot())
    }
    edges.append(0)
    self.edges = edges
    heights = edges.map(Self.curve)
  }

  static func curve(_ x: Double) -> Double { Elementary.exp(-x * x / 2) }
}
