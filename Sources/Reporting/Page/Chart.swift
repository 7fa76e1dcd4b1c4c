import Foundation

/// Curves over the steps, on one page with others: an SVG element that stretches to any size, and its labels as text around
/// it, which does not stretch. The script of the page only reads values back from the curves.
struct Chart {
  /// A curve of the chart.
  struct Line {
    let label: String
    let series: Series
    /// Its place among those that are told apart by their look.
    var place = 0
    /// Of the element that draws it.
    var style: String { CurveStyle.name(place) }
  }

  /// A level to compare with: what it costs to know nothing.
  struct Level {
    let label: String
    let value: Double
  }

  let title: String
  let quantity: Quantity
  var lines: [Line]
  var levels: [Level] = []
  var includesZero = false
  /// Whether a logarithmic scale is offered too.
  var offersLogarithm = false
  /// Steps with a dashed vertical line: resumes.
  var marks: [Double] = []
  var isLarge = false
  /// To tell its switch from others'.
  var name = ""
  /// Whether a single curve is named too.
  var namesSingleLine = false

  /// Of both sides of the drawing, which the browser stretches.
  private static let side = 1000.0

  var isDrawable: Bool { lines.contains { !$0.series.bins.isEmpty } }

  var html: String {
    let canLogarithm = offersLogarithm && bins(.logarithmic).contains { $0.count > 1 }
    let plots =
      canLogarithm
      ? """
      <div class="scales"><input type="radio" name="\(name)" id="\(name)-linear" checked><label for="\(name)-linear">linear</label>
      <input type="radio" name="\(name)" id="\(name)-log"><label for="\(name)-log">logarithmic</label>
      \(plot(.linear))
      \(plot(.logarithmic))</div>
      """ : plot(.linear)
    return """
      <figure class="chart\(isLarge ? " large" : "")" data-quantity="\(quantity.rawValue)">
      <figcaption><b>\(HTMLText.escaped(title))</b>\(legend)<span class="at"></span></figcaption>
      \(plots)
      </figure>
      """
  }

  private var legend: String {
    let levels = levels.enumerated().map { place, level in
      "<span class=\"key level l\(place % 2)\"><i></i>\(HTMLText.escaped(level.label)) <b>\(quantity.words(level.value))</b></span>"
    }
    return (legendOfLines + levels).joined()
  }

  private var legendOfLines: [String] {
    lines.enumerated().map { index, line in
      let value = line.series.last.map(quantity.words) ?? ""
      let name = lines.count > 1 || namesSingleLine ? "<i></i>\(HTMLText.escaped(line.label)) " : ""
      return "<span class=\"key \(line.style)\">\(name)<output data-line=\"\(index)\">\(value)</output></span>"
    }
  }

  private func bins(_ scale: Axis.Scale) -> [[Series.Bin]] {
    lines.map { line in scale == .linear ? line.series.bins : line.series.bins.filter { $0.low > 0 } }
  }

  /// What the axis must have room for: the means and the extremes, without those that stand far out alone. A spike of one step
  /// must not press a month's curve flat; it is cut off at the edge.
  private func covered(_ bins: [[Series.Bin]], _ scale: Axis.Scale) -> [Double] {
    let levels = levels.map(\.value).filter { scale == .linear || $0 > 0 }
    let all = bins
    let bins = scale == .linear ? bins.map { settled($0, levels) } : bins
    let usual = bins.flatMap { bins -> [Double] in
      let (lows, highs) = (bins.map(\.low).sorted(), bins.map(\.high).sorted())
      let leftOut = bins.count / 50
      return Self.withoutSpikes(bins.map(\.mean)) + lows.dropFirst(leftOut).prefix(1)
        + highs.dropLast(leftOut).suffix(1)
    }
    guard let low = usual.min(), let high = usual.max() else { return [] }
    let room = (high / 2 - low / 2) / 2
    let near = all.joined().flatMap { [$0.low, $0.high] }.filter { low - room <= $0 && $0 <= high + room }
    return usual + near + levels
  }

  /// A loss falls in its first steps by more than in all others, which must not press these flat, either: the beginning is left
  /// out where it takes more than three quarters of the height.
  private func settled(_ bins: [Series.Bin], _ levels: [Double]) -> [Series.Bin] {
    let rest = bins.dropFirst(bins.count / 20)
    guard bins.count >= 40, let highest = bins.map(\.mean).max() else { return bins }
    let shown = rest.map(\.mean) + levels
    guard let low = shown.min(), let high = shown.max(), highest - low > 4 * (high - low), high > low else {
      return bins
    }
    return Array(rest)
  }

  /// The median of each value and its neighbours; the first and the last as they are.
  private static func withoutSpikes(_ values: [Double]) -> [Double] {
    guard values.count > 2 else { return values }
    let inner = values.indices.dropFirst().dropLast().map { values[($0 - 1)...($0 + 1)].sorted()[1] }
    return [values[0]] + inner + [values[values.count - 1]]
  }

  private func plot(_ scale: Axis.Scale) -> String {
    let bins = bins(scale)
    let nonFinite = lines.flatMap(\.series.nonFiniteSteps)
    let steps = bins.joined().flatMap { [$0.step] } + marks + nonFinite
    let across = Axis(.linear, covering: steps, spacing: 1, label: Quantity.short)
    let up = Axis(
      scale, covering: covered(bins, scale), includingZero: includesZero && scale == .linear, label: quantity.label)
    func x(_ step: Double) -> Double { across.position(step) * Self.side }
    func y(_ value: Double) -> Double { (1 - up.position(value)) * Self.side }
    func points(_ values: some Sequence<(Double, Double)>) -> String {
      values.map { "\(Self.text(x($0))),\(Self.text(y($1)))" }.joined(separator: " ")
    }
    func upright(_ step: Double, _ style: String) -> String {
      "<line class=\"\(style)\" x1=\"\(Self.text(x(step)))\" x2=\"\(Self.text(x(step)))\" y1=\"0\" y2=\"1000\"/>"
    }
    func level(_ value: Double, _ style: String) -> String {
      "<line class=\"\(style)\" x1=\"0\" x2=\"1000\" y1=\"\(Self.text(y(value)))\" y2=\"\(Self.text(y(value)))\"/>"
    }
    var drawing = up.ticks.map { level($0.value, "rule") }
    drawing += levels.enumerated().filter { scale == .linear || $0.element.value > 0 }.map {
      level($0.element.value, "level l\($0.offset % 2)")
    }
    drawing += marks.map { upright($0, "seam") } + nonFinite.map { upright($0, "bad") }
    for (index, (line, bins)) in zip(lines, bins).enumerated() {
      if line.series.isThinned {
        let outline = bins.map { ($0.step, $0.high) } + bins.reversed().map { ($0.step, $0.low) }
        drawing.append("<polygon class=\"band \(line.style)\" data-line=\"\(index)\" points=\"\(points(outline))\"/>")
      }
      let means = points(bins.map { ($0.step, $0.mean) })
      drawing.append("<polyline class=\"curve \(line.style)\" data-line=\"\(index)\" points=\"\(means)\"/>")
    }
    let labels =
      up.ticks.map { "<span class=\"y\" style=\"top:\(Self.percent(y($0.value)))\">\($0.label)</span>" }
      + across.ticks.map { "<span class=\"x\" style=\"left:\(Self.percent(x($0.value)))\">\($0.label)</span>" }
    let dots = zip(lines, bins).compactMap { line, bins in
      bins.last.map {
        "<i class=\"dot \(line.style)\" style=\"left:\(Self.percent(x($0.step)));top:\(Self.percent(y($0.mean)))\"></i>"
      }
    }
    return """
      <div class="plot" data-x="\(across.low) \(across.high)" data-y="\(up.low) \(up.high)" \
      data-scale="\(scale == .linear ? "linear" : "logarithmic")">
      <svg viewBox="0 0 1000 1000" preserveAspectRatio="none" role="img" aria-label="\(HTMLText.escaped(title)) by step">
      \(drawing.joined(separator: "\n"))
      </svg>
      \((labels + dots).joined(separator: "\n"))
      <i class="cursor" hidden></i></div>
      """
  }

  private static func text(_ value: Double) -> String {
    // Twenty thousand numbers a page: `String(format:)` would take most of its time.
    let hundredths = (max(-1e6, min(1e6, value)) * 100).rounded()
    let whole = Int(hundredths)
    let (units, rest) = (abs(whole) / 100, abs(whole) % 100)
    let sign = whole < 0 ? "-" : ""
    return rest == 0 ? "\(sign)\(units)" : "\(sign)\(units).\(rest < 10 ? "0" : "")\(rest)"
  }

  private static func percent(_ value: Double) -> String { "\(text(value / 10))%" }
}

/// How the curves of a page are told from one another: by their colours, and where these do not do by their dashes.
enum CurveStyle {
  private static let colors = 6
  private static let dashes = 4

  /// The classes of the curve that has this place among others: `c2`, `c2 d1` for the one six places on.
  static func name(_ place: Int) -> String {
    let dash = place / colors % dashes
    return "c\(place % colors)" + (dash == 0 ? "" : " d\(dash)")
  }
}
