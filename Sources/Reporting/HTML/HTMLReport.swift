import Files
import Foundation

/// `report.html`: a run on one page that needs nothing but itself, for a browser, a mail, an archive.
public struct HTMLReport: Sendable {
  /// A line of the configuration's table.
  public struct Setting: Hashable, Sendable {
    /// The full path; keys with the same first part stand together.
    public var name: String
    public var value: String
    public var documentation: String

    public init(name: String, value: String, documentation: String) {
      (self.name, self.value, self.documentation) = (name, value, documentation)
    }
  }

  /// An image of reconstructions.
  public struct GalleryImage: Hashable, Sendable {
    public var caption: String
    public var png: [UInt8]

    public init(caption: String, png: [UInt8]) {
      (self.caption, self.png) = (caption, png)
    }
  }

  public var title: String
  /// What the run is, for people; nil where nobody knows.
  public var subject: String?
  public var summary: RunSummary
  public var settings: [Setting]
  /// In order of time; the last one is shown large.
  public var images: [GalleryImage]

  public init(
    title: String, subject: String? = nil, summary: RunSummary, settings: [Setting] = [], images: [GalleryImage] = []
  ) {
    (self.title, self.subject, self.summary) = (title, subject, summary)
    (self.settings, self.images) = (settings, images)
  }

  /// Writes the page in the place of an older one, in one move.
  public func write(to path: String) throws(ReportingError) {
    let bytes = Array(html.utf8)
    try reporting { () throws(FileError) in try replaceFile(path, with: bytes) }
  }

  public var html: String {
    let lastLine = summary.lastTime.map { "Last line of the log: \($0)." }
    let when = [subject.map { "\($0)." }, lastLine].compactMap(\.self).joined(separator: " ")
    return """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(HTMLText.escaped(title))</title>
      <style>
      \(ReportStyle.css)
      </style>
      </head>
      <body>
      <header>
      <h1>\(HTMLText.escaped(title))</h1>
      <p class="when">\(HTMLText.escaped(when))</p>
      </header>
      \(figures)
      \(charts)
      \(gallery)
      \(epochs)
      \(events)
      \(configuration)
      </body>
      </html>

      """
  }

  private var figures: String {
    guard !summary.figures.isEmpty else { return "<p>The log holds no step yet.</p>" }
    let items = summary.figures.map {
      "<div><dd>\(HTMLText.escaped($0.value))</dd><dt>\(HTMLText.escaped($0.name))</dt></div>"
    }
    return "<dl class=\"figures\">\n\(items.joined(separator: "\n"))\n</dl>"
  }

  private var charts: String {
    let loss = Curve(summary.losses, bins: 400)
    var linear = LineChart(title: "loss by step", curve: loss, marks: summary.seams, width: 960, height: 320)
    let linearSVG = linear.svg
    guard linear.isDrawable else { return "" }
    linear.scale = .logarithmic
    // Radio buttons and a sibling selector switch the scale: no script, so no viewer refuses it.
    let lossFigure =
      linear.isDrawable
      ? """
      <figure class="loss">
      <input type="radio" name="scale" id="linear" checked><label for="linear">linear</label>
      <input type="radio" name="scale" id="logarithmic"><label for="logarithmic">logarithmic</label>
      <div class="linear">\(linearSVG)</div><div class="logarithmic">\(linear.svg)</div>
      </figure>
      """ : "<figure class=\"loss\">\(linearSVG)</figure>"
    let small = (summary.evaluationCharts + summary.charts).map { chart in
      LineChart(
        title: chart.chart.title, curve: Curve(chart.points, bins: 160), includesZero: chart.chart.includesZero)
    }.filter(\.isDrawable)
    let figures = small.map { chart in
      var narrow = chart
      (narrow.width, narrow.height) = (470, 210)
      return "<figure><h3>\(HTMLText.escaped(chart.title))</h3>\(narrow.svg)</figure>"
    }
    return """
      <section>
      <h2>Loss</h2>
      \(lossFigure)
      <div class="grid">
      \(figures.joined(separator: "\n"))
      </div>
      </section>
      """
  }

  private var gallery: String {
    guard let last = images.last else { return "" }
    func figure(_ image: GalleryImage, _ style: String) -> String {
      let caption = HTMLText.escaped(image.caption)
      return "<figure class=\"\(style)\"><img alt=\"\(caption)\" src=\"data:image/png;base64,"
        + Data(image.png).base64EncodedString() + "\"><figcaption>\(caption)</figcaption></figure>"
    }
    let earlier = images.dropLast().map { figure($0, "earlier") }.joined(separator: "\n")
    return """
      <section>
      <h2>Reconstructions</h2>
      \(figure(last, "latest"))
      <div class="grid">\(earlier)</div>
      </section>
      """
  }

  private var epochs: String {
    guard !summary.epochs.isEmpty else { return "" }
    let metrics = summary.epochs[0].meanMetrics.map(\.metric)
    let evaluated = summary.evaluated
    let heads =
      metrics.map { "<th>mean \(HTMLText.escaped($0.title))</th>" }.joined()
      + evaluated.map { "<th>\(HTMLText.escaped($0.title))</th>" }.joined()
    let rows = summary.epochs.map { epoch in
      func cell(_ metric: Metric, _ values: [MetricValue]) -> String {
        "<td>\(values.first { $0.metric == metric }.map { ProgressFormat.loss($0.value) } ?? "")</td>"
      }
      let cells = metrics.map { cell($0, epoch.meanMetrics) } + evaluated.map { cell($0, epoch.evaluation) }
      return "<tr><td>\(epoch.epoch)</td><td>\(epoch.step)</td><td>\(ProgressFormat.loss(epoch.meanLoss))</td>"
        + cells.joined() + "<td>\(ProgressFormat.duration(epoch.seconds))</td></tr>"
    }
    return """
      <section>
      <details><summary><h2>Epochs</h2></summary>
      <table class="numbers"><thead><tr><th>epoch</th><th>step</th><th>mean loss</th>\(heads)<th>time</th></tr></thead>
      <tbody>
      \(rows.joined(separator: "\n"))
      </tbody></table></details>
      </section>
      """
  }

  private var events: String {
    guard !summary.events.isEmpty else { return "" }
    let shown = summary.events.suffix(RunSummary.eventLimit)
    let left = summary.eventCount - shown.count
    let note = left > 0 ? "<p>The last \(shown.count); log.jsonl has \(left) more.</p>\n" : ""
    let rows = shown.map { line in
      let details = line.values.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.shown)" }
      return
        "<tr><td class=\"number\">\(line.step)</td><td>\(HTMLText.escaped(line.event.replacing("_", with: " ")))</td>"
        + "<td>\(HTMLText.escaped(details.joined(separator: ", ")))</td></tr>"
    }
    return """
      <section>
      <h2>Events</h2>
      \(note)<table><thead><tr><th class="number">step</th><th>event</th><th>details</th></tr></thead>
      <tbody>
      \(rows.joined(separator: "\n"))
      </tbody></table>
      </section>
      """
  }

  private var configuration: String {
    guard !settings.isEmpty else { return "" }
    var rows: [String] = []
    var group: Substring?
    for setting in settings {
      let first = setting.name.prefix { $0 != "." }
      let opening = first == group ? "<tr>" : "<tr class=\"first\">"
      group = first
      rows.append(
        "\(opening)<td><code>\(HTMLText.escaped(setting.name))</code></td>"
          + "<td><code>\(HTMLText.escaped(setting.value))</code></td>"
          + "<td>\(HTMLText.escaped(setting.documentation))</td></tr>")
    }
    return """
      <section>
      <h2>Configuration</h2>
      <table class="configuration"><tbody>
      \(rows.joined(separator: "\n"))
      </tbody></table>
      </section>
      """
  }
}

extension LogValue {
  /// For people: text without quotes.
  fileprivate var shown: String {
    switch self {
    case .text(let text): text
    case .number(let value): ProgressFormat.measure(value)
    default: json
    }
  }
}
