import Foundation
import FoundationXML
import Reporting
import Testing

struct HTMLReportTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func lines(_ steps: Int, loss: (Int) -> Double = { 1 / Double($0) }) throws -> [LogLine] {
    let path = "\(folder.path)/log-\(UUID().uuidString).jsonl"
    let log = try TrainingLog.create(at: path)
    for step in stride(from: 1, through: steps, by: 1) {
      var record = StepRecord(
        step: step, epoch: Double(step) / 10, loss: loss(step), learningRate: 1e-4, imagesPerSecond: Double(step),
        stepSeconds: 1)
      record.gradientNorm = 2
      try log.append(record)
    }
    try log.append(EpochRecord(step: steps, epoch: 3, meanLoss: 0.25, seconds: 90))
    try log.append(EventRecord("bad_sample", step: 2, [LogField("path", "<b>&\"x\"'.jpg")]))
    return try TrainingLog.lines(at: path)
  }

  /// The drawings of a page, each parsed as XML.
  private func drawings(_ html: String) throws -> [Drawing] {
    try html.matches(of: /(?s)<svg.*?<\/svg>/).map { try Drawing(String($0.output)) }
  }

  @Test func thePageNeedsNothingButItself() throws {
    let html = HTMLReport(title: "a", summary: RunSummary(try lines(30))).html
    for outside in ["http:", "https:", "<script", "<link", "@import", "url("] {
      #expect(!html.contains(outside), "\(outside)")
    }
    for tag in ["section", "figure", "table", "div", "details", "dl", "style", "body", "html", "svg"] {
      #expect(
        html.matches(of: try Regex("<\(tag)[ >]")).count == html.matches(of: try Regex("</\(tag)>")).count, "\(tag)")
    }
  }

  @Test func textFromOutsideIsNeverMarkup() throws {
    let evil = "<script>alert('&\"')</script>"
    let escaped = "&lt;script&gt;alert(&#39;&amp;&quot;&#39;)&lt;/script&gt;"
    let html = HTMLReport(
      title: evil, summary: RunSummary(try lines(3)), settings: [.init(name: evil, value: evil, documentation: evil)],
      images: [.init(caption: evil, png: [1, 2, 3])]
    ).html
    #expect(!html.contains("<script"))
    #expect(html.components(separatedBy: escaped).count - 1 == 7)
    #expect(html.contains("path &lt;b&gt;&amp;&quot;x&quot;&#39;.jpg"))
    #expect(html.contains("data:image/png;base64,AQID"))
  }

  @Test func curvesAreWhereTheAxesSay() throws {
    // The loss falls in a straight line from 40 to 10: its points must lie on one too, and 20 halfway to its tick.
    let drawing = try drawings(HTMLReport(title: "a", summary: RunSummary(try lines(31) { Double(41 - $0) })).html)[0]
    let points = drawing.points["curve"] ?? []
    #expect(points.count == 31)
    for (index, point) in points.enumerated() {
      let part = Double(index) / 30
      #expect(abs(point.x - (points[0].x + part * (points[30].x - points[0].x))) < 0.1)
      #expect(abs(point.y - (points[0].y + part * (points[30].y - points[0].y))) < 0.1)
    }
    #expect(points[0].y < points[30].y, "a loss that falls goes down on the page")
    // The step with a loss of 30 is the eleventh.
    let tick = try #require(drawing.labels.first { $0.text == "30" })
    #expect(abs(tick.y - points[10].y) < 0.1)
    #expect(drawing.labels.contains { $0.text == "10.0" }, "the last value stands at the end")
  }

  @Test func aLogarithmicScaleMakesDecadesEqual() throws {
    let html = HTMLReport(title: "a", summary: RunSummary(try lines(5) { pow(10, Double(-$0)) })).html
    let points = try drawings(html)[1].points["curve"] ?? []
    #expect(points.count == 5)
    for (before, after) in zip(points, points.dropFirst()) {
      #expect(abs((after.y - before.y) - (points[1].y - points[0].y)) < 0.21)
    }
  }

  @Test func whatIsNotFiniteIsMarkedAndNotDrawn() throws {
    let html = HTMLReport(title: "a", summary: RunSummary(try lines(10) { $0 == 4 ? .nan : $0 == 7 ? .infinity : 1 }))
      .html
    let drawing = try drawings(html)[0]
    #expect(drawing.points["curve"]?.count == 8)
    #expect(drawing.lines["bad"] == 2)
    #expect(!html.contains("\"nan") && !html.contains("nan,"))
  }

  @Test func longRunsAreThinnedOutWithTheirExtremes() throws {
    let html = HTMLReport(title: "a", summary: RunSummary(try lines(5000) { $0.isMultiple(of: 2) ? 1 : 3 })).html
    let drawing = try drawings(html)[0]
    let curve = drawing.points["curve"] ?? []
    let band = drawing.points["band"] ?? []
    #expect(curve.count <= 400 && curve.count > 300 && band.count == 2 * curve.count)
    let (top, bottom) = (band.map(\.y).min() ?? 0, band.map(\.y).max() ?? 0)
    // Bins of an odd number of steps may lie a little off the middle.
    for point in curve { #expect(abs(point.y - (top + bottom) / 2) < (bottom - top) / 10) }
  }

  @Test func ofManyEventsTheLastOnesAreShown() throws {
    let path = "\(folder.path)/log.jsonl"
    let log = try TrainingLog.create(at: path)
    for step in 1...5000 { try log.append(EventRecord(step == 1 ? "resume" : "bad_sample", step: step)) }
    let html = HTMLReport(title: "a", summary: RunSummary(try TrainingLog.lines(at: path))).html
    #expect(html.matches(of: /<td>bad sample<\/td>/).count == 1000)
    #expect(html.contains("<td class=\"number\">5000</td>") && html.contains("<td class=\"number\">4001</td>"))
    #expect(html.contains("<p>The last 1000; log.jsonl has 4000 more.</p>"))
  }

  @Test(arguments: [0, 1, 2])
  func shortRunsHaveAPageToo(steps: Int) throws {
    let html = HTMLReport(title: "a", summary: RunSummary(steps == 0 ? [] : try lines(steps))).html
    #expect(html.contains("<p>The log holds no step yet.</p>") == (steps == 0))
    #expect(try drawings(html).isEmpty == (steps == 0))
  }

  @Test func thePageIsReplacedInOneMove() throws {
    let path = folder.path + "/report.html"
    try HTMLReport(title: "first", summary: RunSummary()).write(to: path)
    try HTMLReport(title: "second", summary: RunSummary()).write(to: path)
    #expect(try folder.text(of: "report.html") == HTMLReport(title: "second", summary: RunSummary()).html)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["report.html"])
    #expect(throws: ReportingError.self) { try HTMLReport(title: "a", summary: RunSummary()).write(to: folder.path) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["report.html"])
  }
}

/// What an SVG element draws, by class.
private final class Drawing: NSObject, XMLParserDelegate {
  var points: [String: [(x: Double, y: Double)]] = [:]
  var lines: [String: Int] = [:]
  var labels: [(text: String, y: Double)] = []
  private var label: (text: String, y: Double)?

  init(_ svg: String) throws {
    super.init()
    let parser = XMLParser(data: Data(svg.utf8))
    parser.delegate = self
    try #require(parser.parse(), "\(String(describing: parser.parserError)): \(svg)")
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    let style = attributes["class"] ?? ""
    if let list = attributes["points"] {
      points[style] = list.split(separator: " ").compactMap { pair in
        let numbers = pair.split(separator: ",").compactMap { Double($0) }
        return numbers.count == 2 ? (numbers[0], numbers[1]) : nil
      }
    }
    if name == "line" { lines[style, default: 0] += 1 }
    if name == "text" { label = ("", Double(attributes["y"] ?? "") ?? .nan) }
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) {
    label?.text += string
  }

  func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
    if name == "text", let label {
      labels.append(label)
      self.label = nil
    }
  }
}
