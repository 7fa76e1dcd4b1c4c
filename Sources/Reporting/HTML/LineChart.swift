import Foundation

/// A curve as an SVG element: grid, axes, the mean as a line, the range of what was thinned out as a band behind it.
struct LineChart {
  let title: String
  let curve: Curve
  var scale = Axis.Scale.linear
  var includesZero = false
  /// Steps with a dashed vertical line: resumes.
  var marks: [Double] = []
  var width = 720.0
  var height = 260.0

  private let left = 56.0
  private let right = 64.0
  private let top = 12.0
  private let bottom = 30.0

  /// Whether there is anything to draw on this scale.
  var isDrawable: Bool { !bins.isEmpty }

  private var bins: [Curve.Bin] {
    scale == .linear ? curve.bins : curve.bins.filter { $0.low > 0 }
  }

  var svg: String {
    let bins = bins
    let steps = bins.map(\.step) + marks + curve.nonFiniteSteps
    let horizontal = Axis(.linear, covering: steps)
    let vertical = Axis(scale, covering: bins.flatMap { [$0.low, $0.high] }, includingZero: includesZero)
    func x(_ step: Double) -> Double { left + horizontal.position(step) * (width - left - right) }
    func y(_ value: Double) -> Double { height - bottom - vertical.position(value) * (height - top - bottom) }
    func line(_ values: some Sequence<(Double, Double)>) -> String {
      values.map { "\(Self.pixels(x($0)))," + Self.pixels(y($1)) }.joined(separator: " ")
    }
    func upright(_ step: Double, _ style: String) -> String {
      "<line class=\"\(style)\" x1=\"\(Self.pixels(x(step)))\" x2=\"\(Self.pixels(x(step)))\" "
        + "y1=\"\(Self.pixels(top))\" y2=\"\(Self.pixels(height - bottom))\"/>"
    }

    var parts = [
      "<svg viewBox=\"0 0 \(Self.pixels(width)) \(Self.pixels(height))\" role=\"img\" "
        + "aria-label=\"\(HTMLText.escaped(title))\">"
    ]
    for tick in vertical.ticks {
      let place = Self.pixels(y(tick.value))
      parts.append(
        "<line class=\"rule\" x1=\"\(Self.pixels(left))\" x2=\"\(Self.pixels(width - right))\" y1=\"\(place)\" "
          + "y2=\"\(place)\"/><text class=\"y\" x=\"\(Self.pixels(left - 8))\" y=\"\(place)\">\(tick.label)</text>")
    }
    for tick in horizontal.ticks {
      parts.append(
        "<text class=\"x\" x=\"\(Self.pixels(x(tick.value)))\" y=\"\(Self.pixels(height - bottom + 20))\">"
          + "\(tick.label)</text>")
    }
    parts += marks.map { upright($0, "resume") } + curve.nonFiniteSteps.prefix(200).map { upright($0, "bad") }
    if curve.isThinned {
      let outline = bins.map { ($0.step, $0.high) } + bins.reversed().map { ($0.step, $0.low) }
      parts.append("<polygon class=\"band\" points=\"\(line(outline))\"/>")
    }
    parts.append("<polyline class=\"curve\" points=\"\(line(bins.map { ($0.step, $0.mean) }))\"/>")
    if let end = bins.last {
      parts.append(
        "<circle class=\"end\" cx=\"\(Self.pixels(x(end.step)))\" cy=\"\(Self.pixels(y(end.mean)))\" r=\"3.5\"/>"
          + "<text class=\"end\" x=\"\(Self.pixels(x(end.step) + 9))\" y=\"\(Self.pixels(y(end.mean)))\">"
          + "\(ProgressFormat.measure(curve.last ?? end.mean))</text>")
    }
    return (parts + ["</svg>"]).joined(separator: "\n")
  }

  private static func pixels(_ value: Double) -> String {
    String(format: "%.1f", value)
  }
}
