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
  public var lines: [LogLine]
  public var settings: [Setting]
  /// In order of time; the last one is shown large.
  public var images: [GalleryImage]

  public init(title: String, lines: [LogLine], settings: [Setting] = [], images: [GalleryImage] = []) {
    (self.title, self.lines, self.settings, self.images) = (title, lines, settings, images)
  }

  /// Writes the page in the place of an older one, in one move.
  public func write(to path: String) throws(ReportingError) {
    let bytes = Array(html.utf8)
    try AtomicFile.replace(path) { (write) throws(ReportingError) in try write(bytes) }
  }

  public var html: String {
    let summary = RunSummary(lines)
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
      <p class="when">\(summary.lastTime.map { "Masked autoencoder pre-training. Last line of the log: \($0)." } ?? "")</p>
      </header>
      \(figures(summary))
      \(charts(summary))
      \(gallery)
      \(epochs(summary))
      \(events(summary))
      \(configuration)
      </body>
      </html>

      """
  }

  private func figures(_ summary: RunSummary) -> String {
    guard !summary.figures.isEmpty else { return "<p>The log holds no step yet.</p>" }
    let items = summary.figures.map { "<div><dd>\(HTMLText.escaped($0.value))</dd><dt>\($0.name)</dt></div>" }
    return "<dl class=\"figures\">\n\(items.joined(separator: "\n"))\n</dl>"
  }

  private func charts(_ summary: RunSummary) -> String {
    func curve(_ value: (StepRecord) -> Double?, bins: Int = 160) -> Curve {
      Curve(summary.steps.compactMap { step in value(step).map { (Double(step.step), $0) } }, bins: bins)
    }
    let loss = curve(\.loss, bins: 400)
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
    let small = [
      LineChart(title: "learning rate", curve: curve(\.learningRate), includesZero: true),
      LineChart(title: "images per second", curve: curve(\.imagesPerSecond), includesZero: true),
      LineChart(title: "gradient norm", curve: curve(\.gradientNorm)),
      LineChart(title: "seconds a step waits for images", curve: curve(\.dataSeconds), includesZero: true),
    ].filter(\.isDrawable)
    let figures = small.map { chart in
      var narrow = chart
      (narrow.width, narrow.height) = (470, 210)
      return "<figure><h3>\(chart.title)</h3>\(narrow.svg)</figure>"
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

  private func epochs(_ summary: RunSummary) -> String {
    guard !summary.epochs.isEmpty else { return "" }
    let rows = summary.epochs.map { epoch in
      "<tr><td>\(epoch.epoch)</td><td>\(epoch.step)</td><td>\(ProgressFormat.loss(epoch.meanLoss))</td>"
        + "<td>\(ProgressFormat.duration(epoch.seconds))</td></tr>"
    }
    return """
      <section>
      <details><summary><h2>Epochs</h2></summary>
      <table class="numbers"><thead><tr><th>epoch</th><th>step</th><th>mean loss</th><th>time</th></tr></thead>
      <tbody>
      \(rows.joined(separator: "\n"))
      </tbody></table></details>
      </section>
      """
  }

  private func events(_ summary: RunSummary) -> String {
    guard !summary.events.isEmpty else { return "" }
    let rows = summary.events.map { line in
      let details = line.values.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.shown)" }
      return
        "<tr><td class=\"number\">\(line.step)</td><td>\(HTMLText.escaped(line.event.replacing("_", with: " ")))</td>"
        + "<td>\(HTMLText.escaped(details.joined(separator: ", ")))</td></tr>"
    }
    return """
      <section>
      <h2>Events</h2>
      <table><thead><tr><th class="number">step</th><th>event</th><th>details</th></tr></thead>
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
