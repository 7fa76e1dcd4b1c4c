import Foundation
import FoundationXML
import Testing

@testable import Reporting

struct ReportPageTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func run(_ steps: Int, name: String = "a", loss: (Int) -> Double = { 1 / Double($0) }) throws -> ReportedRun {
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
    try log.append(EventRecord("bad_sample", step: 2, [LogField("reason", "<b>&\"x\"'.jpg")]))
    return ReportedRun(path: name, history: try RunHistory(log: path), state: .running)
  }

  /// The plots of a page, each parsed as XML, with what they say of their axes.
  private func plots(_ html: String) throws -> [Plot] {
    try html.matches(
      of: /(?s)<div class="plot" data-x="(\S+) (\S+)" data-y="(\S+) (\S+)" data-scale="(\w+)">\s*(<svg.*?<\/svg>)/
    )
    .map { try Plot($0.output) }
  }

  @Test func thePageNeedsNothingButItself() throws {
    let html = ReportPage([try run(30)], rewriteSeconds: 30).html
    for outside in ["http:", "https:", "<script src", "@import", "url(", "fetch(", "import("] {
      #expect(!html.contains(outside), "\(outside)")
    }
    // The one link is the icon, which would be asked for otherwise.
    #expect(html.matches(of: /<link/).count == 1 && html.contains("<link rel=\"icon\" href=\"data:,\">"))
    for tag in [
      "section", "figure", "table", "div", "details", "dl", "style", "body", "html", "svg", "script", "ul", "span",
    ] {
      #expect(
        html.matches(of: try Regex("<\(tag)[ >]")).count == html.matches(of: try Regex("</\(tag)>")).count, "\(tag)")
    }
  }

  /// The names of a batch's images are in the list of events, and not above everything else.
  @Test func aLongReasonIsCutInTheHeadline() throws {
    var run = try run(3)
    let images = (1...16).map { "/data/photos/image-\($0).jpg" }.joined(separator: ", ")
    run.state = .failed(reason: "step 4 is not finite, first seen in \(images)")
    #expect(
      run.headline.hasPrefix("Ended by an error after step 3, epoch 0.30: step 4 is not finite, first seen in /data"))
    #expect(run.headline.hasSuffix(", … The list of events has the whole sentence.") && run.headline.count < 300)
    run.state = .failed(reason: "the disk is full")
    #expect(run.headline.hasSuffix(": the disk is full"))
  }

  @Test func stepsAreLabelledWithWholeNumbers() {
    #expect(Axis(.linear, covering: [1, 3], spacing: 1, label: Quantity.short).ticks.map(\.label) == ["1", "2", "3"])
    #expect(Axis(.linear, covering: [1, 3], label: Quantity.short).ticks.count == 5)
  }

  @Test func textFromOutsideIsNeverMarkup() throws {
    let evil = "<script>alert('&\"')</script>"
    var run = try run(3, name: evil)
    run.settings = [RunSetting(name: evil, value: evil, documentation: evil)]
    run.galleries = [GalleryImage(caption: evil, png: [1, 2, 3])]
    run.state = .failed(reason: evil)
    for html in [ReportPage([run]).html, ReportPage([run, run]).html] {
      #expect(html.matches(of: /<script/).count == 1 && !html.contains("alert('"))
    }
    let html = ReportPage([run]).html
    #expect(html.contains("&lt;b&gt;&amp;&quot;x&quot;&#39;.<wbr>jpg") && html.contains("data:image/png;base64,AQID"))
  }

  @Test func curvesAreWhereTheAxesSay() throws {
    // The loss falls in a straight line from 40 to 10.
    let plot = try plots(ReportPage([try run(31) { Double(41 - $0) }]).html)[0]
    let points = plot.points["curve c0"] ?? []
    #expect(points.count == 31)
    for (index, point) in points.enumerated() {
      // The page rounds to hundredths of a thousandth of a side.
      #expect(abs(plot.step(point.x) - Double(index + 1)) < 30 * 1e-5)
      #expect(abs(plot.value(point.y) - Double(40 - index)) < 30 * 1e-5)
    }
    #expect(points[0].y < points[30].y, "a loss that falls goes down on the page")
  }

  @Test func aLogarithmicScaleIsOffered() throws {
    let plot = try plots(ReportPage([try run(5) { pow(10, Double(-$0)) }]).html)[1]
    #expect(plot.isLogarithmic)
    let points = plot.points["curve c0"] ?? []
    #expect(points.count == 5)
    for (index, point) in points.enumerated() {
      #expect(abs(log10(plot.value(point.y)) + Double(index + 1)) < 4 * 1e-5)
    }
  }

  @Test func whatIsNotFiniteIsMarkedAndNotDrawn() throws {
    let html = ReportPage([try run(10) { $0 == 4 ? .nan : $0 == 7 ? .infinity : 1 }]).html
    let plot = try plots(html)[0]
    #expect(plot.points["curve c0"]?.count == 8 && plot.lines["bad"] == 2)
    #expect(!html.contains("\"nan") && !html.contains("nan,") && !html.contains("inf "))
  }

  @Test func longRunsAreThinnedOutWithTheirExtremes() throws {
    let plot = try plots(ReportPage([try run(3000) { $0.isMultiple(of: 2) ? 1 : 3 }]).html)[0]
    let (curve, band) = (plot.points["curve c0"] ?? [], plot.points["band c0"] ?? [])
    #expect(curve.count <= 640 && curve.count >= 320 && band.count == 2 * curve.count)
    for point in band { #expect(abs(plot.value(point.y) - 1) < 1e-3 || abs(plot.value(point.y) - 3) < 1e-3) }
  }

  @Test("a spike of one step does not press the curve flat, and is in the band all the same")
  func spikes() throws {
    let plot = try plots(ReportPage([try run(4000) { $0 == 3000 ? 100 : 1 + 100 / Double($0 + 100) }]).html)[0]
    #expect(plot.high < 2.3 && plot.low < 1.1)
    // One of the eight values of its bin.
    #expect((plot.points["curve c0"] ?? []).map { plot.value($0.y) }.max() ?? 0 > 100 / 8)
    #expect((plot.points["band c0"] ?? []).map { plot.value($0.y) }.max() ?? 0 > 99)
  }

  /// Levels to compare with are named above the plot, where no curve runs through their names.
  @Test func levelsAreNamedBesideTheCurves() throws {
    let path = "\(folder.path)/log-levels.jsonl"
    let log = try TrainingLog.create(at: path)
    for step in 1...4 {
      try log.append(StepRecord(step: step, epoch: 0, loss: 1, learningRate: 0, imagesPerSecond: 1, stepSeconds: 1))
    }
    var epoch = EpochRecord(step: 4, epoch: 1, meanLoss: 1, seconds: 1)
    epoch.evaluation = ["mean", "interpolation"].map { MetricValue(Metric(name: "baseline_\($0)_loss"), 0.75) }
    try log.append(epoch)
    let html = ReportPage([ReportedRun(path: "a", history: try RunHistory(log: path), state: .finished)]).html
    #expect(html.contains("<span class=\"key level l0\"><i></i>Baseline interpolation loss <b>0.7500</b></span>"))
    #expect(html.contains("<span class=\"key level l1\"><i></i>Baseline mean loss <b>0.7500</b></span>"))
    // On the linear scale and on the logarithmic one.
    #expect(
      html.matches(of: /<line class="level l0"/).count == 2 && html.matches(of: /<line class="level l1"/).count == 2)
  }

  /// From 4.2 down to 0.3 in the first steps, and from there to 0.2 in all others; and a curve that falls all the time.
  @Test func theFirstFallDoesNotPressTheRestFlat() throws {
    let plot = try plots(
      ReportPage([try run(4000) { 4 * exp(-Double($0) / 20) + 0.3 - Double($0) / 40_000 }]).html)[0]
    #expect(plot.high < 0.4 && plot.low < 0.21)
    let even = try plots(ReportPage([try run(4000) { 4 - Double($0) / 1000 }]).html)[0]
    #expect(even.high > 3.9)
  }

  @Test func evaluationsOfAnyNameAreDrawn() throws {
    let path = "\(folder.path)/log-evaluations.jsonl"
    let log = try TrainingLog.create(at: path)
    for step in 1...4 {
      try log.append(StepRecord(step: step, epoch: 0, loss: 1, learningRate: 0, imagesPerSecond: 1, stepSeconds: 1))
      var epoch = EpochRecord(step: step, epoch: step, meanLoss: 1, seconds: 1)
      epoch.evaluation = [
        MetricValue(Metric(name: "never_heard_of"), Double(step)), MetricValue(Metric(name: "heldout_loss"), 0.9),
      ]
      try log.append(epoch)
    }
    let html = ReportPage([ReportedRun(path: "a", history: try RunHistory(log: path), state: .finished)]).html
    #expect(html.contains("<b>Never heard of</b>") && html.contains("Held-out loss"))
    #expect(try plots(html)[0].points["curve c1"]?.count == 4, "the held-out loss is beside the loss")
  }

  @Test func severalRunsLieOverOneAnother() throws {
    var runs = [try run(20, name: "runs/first"), try run(30, name: "runs/second")]
    runs[0].settings = [
      RunSetting(name: "train.epochs", value: "3", documentation: ""),
      RunSetting(name: "same", value: "1", documentation: ""),
    ]
    runs[1].settings = [
      RunSetting(name: "train.epochs", value: "5", documentation: ""),
      RunSetting(name: "same", value: "1", documentation: ""),
    ]
    let html = ReportPage(runs).html
    let plot = try plots(html)[0]
    #expect(plot.points["curve c0"]?.count == 20 && plot.points["curve c1"]?.count == 30)
    #expect(
      html.contains("first") && html.contains("second") && html.contains("train.<wbr>epochs")
        && !html.contains(">same<"))
  }

  /// Colours come again after six runs: dashes tell the seventh from the first, and the script finds a curve's band by its
  /// place.
  @Test func moreRunsThanColoursAreToldApart() throws {
    // Runs of up to 640 steps have no band.
    let lengths = [20, 700, 30, 1500, 40, 50, 900]
    let html = ReportPage(
      try lengths.enumerated().map { index, steps in
        try run(steps, name: "runs/\(index)") { Double($0 % 7) + Double(index) }
      }
    ).html
    let plot = try plots(html)[0]
    #expect(plot.points["curve c0"]?.count == 20 && plot.points["curve c5"]?.count == 50)
    let seventh = try #require(plot.points["curve c0 d1"])
    #expect(plot.places == ["curve": [0, 1, 2, 3, 4, 5, 6], "band": [1, 3, 6]])
    #expect(plot.points["band c0 d1"]?.count == 2 * seventh.count, "the outline of its own curve")
    #expect(html.contains("<span class=\"key c0 d1\"><i></i>6 "))
    #expect(html.contains("<article class=\"panel run c0 d1\">"))
    #expect(html.contains("svg .curve.d1 {") && html.contains("bands.get(curve.getAttribute(\"data-line\"))"))
    #expect(Set((0..<24).map(CurveStyle.name)).count == 24)
  }

  /// As many of the last folders as it takes.
  @Test func runsOfOneNameAreNamedByTheirFolders() throws {
    func names(_ paths: String...) -> [String] {
      ReportPage(paths.map { ReportedRun(path: $0, history: RunHistory(), state: .empty) }).names
    }
    #expect(names("a/base", "b/base") == ["a/base", "b/base"])
    #expect(names("/x/a/base/", "./y/a/base", "other") == ["x/a/base", "y/a/base", "other"])
    #expect(names("base", "a/base") == ["base", "a/base"])
    #expect(names("a/base", "a/base") == ["base", "base"], "the same run twice has one name")
    var runs = [try run(5, name: "a/base"), try run(5, name: "b/base")]
    runs[0].settings = [RunSetting(name: "train.epochs", value: "3", documentation: "")]
    let html = ReportPage(runs).html
    #expect(html.contains("<i></i>a/base ") && html.contains("<h2>b/<wbr>base</h2>"))
    #expect(html.contains("<tr><th></th><th>a/base</th><th>b/base</th></tr>"))
  }

  @Test func theTimeOfAStepIsShownInItsParts() throws {
    let path = "\(folder.path)/log-parts.jsonl"
    let log = try TrainingLog.create(at: path)
    for step in 1...4 {
      var record = StepRecord(step: step, epoch: 0, loss: 1, learningRate: 0, imagesPerSecond: 1, stepSeconds: 1)
      (record.dataSeconds, record.forwardSeconds) = (0.25, 0.25)
      try log.append(record)
    }
    let html = ReportPage([ReportedRun(path: "a", history: try RunHistory(log: path), state: .finished)]).html
    #expect(html.contains("Where the time of a step goes") && html.contains("All else <output>500 ms</output>, 50.0 %"))
    #expect(!html.contains("<p class=\"note\"></p>"), "nothing is said with no words")
  }

  /// What to try is on the page of one run and on that of several.
  @Test func whatToTryIsSaidOfEachOfSeveralRuns() throws {
    let advice = "<p>The list of events names it; mae data check finds all.</p>"
    #expect(ReportPage([try run(30)]).html.ranges(of: advice).count == 1)
    #expect(ReportPage([try run(30), try run(30, name: "b")]).html.ranges(of: advice).count == 2)
  }

  @Test(arguments: [0, 1, 2])
  func shortRunsHaveAPageToo(steps: Int) throws {
    let run = steps == 0 ? ReportedRun(path: "a", history: RunHistory(), state: .empty) : try run(steps)
    let html = ReportPage([run]).html
    #expect(html.contains("The log holds no step yet.") == (steps == 0))
    #expect(try plots(html).isEmpty == (steps == 0))
  }

  @Test func galleriesOfALongRunAreSpread() throws {
    let png = try fixture("tiny.png")
    try FileManager.default.createDirectory(atPath: folder.path + "/gallery", withIntermediateDirectories: false)
    for epoch in 1...100 {
      try Data(png).write(to: URL(fileURLWithPath: folder.path + "/gallery/epoch-\(epoch).png"))
    }
    try Data([1, 2]).write(to: URL(fileURLWithPath: folder.path + "/gallery/epoch-200.png"))
    let galleries = GalleryImage.all(in: folder.path + "/gallery")
    #expect(galleries.count == 23 && galleries.first?.caption == "epoch 1", "what is no PNG is left out")
    var run = try run(3)
    run.galleries = galleries
    let html = ReportPage([run]).html
    #expect(html.matches(of: /<img\ /).count == 23 && html.matches(of: /<img [^>]* hidden>/).count == 22)
  }

  @Test func thePageIsReplacedInOneMove() throws {
    let path = folder.path + "/report.html"
    try ReportPage([try run(1, name: "first")]).write(to: path)
    let page = ReportPage([try run(2, name: "second")])
    try page.write(to: path)
    #expect(try folder.text(of: "report.html") == page.html)
    #expect(throws: ReportingError.self) { try page.write(to: folder.path) }
  }
}

/// What an SVG element draws, by class, and the axes around it.
private final class Plot: NSObject, XMLParserDelegate {
  var points: [String: [(x: Double, y: Double)]] = [:]
  var lines: [String: Int] = [:]
  /// By the first class of an element with points, which of the chart's lines it is of, in order.
  var places: [String: [Int]] = [:]
  let (left, right, low, high): (Double, Double, Double, Double)
  let isLogarithmic: Bool

  init(_ match: (Substring, Substring, Substring, Substring, Substring, Substring, Substring)) throws {
    (left, right, low, high) = (Double(match.1)!, Double(match.2)!, Double(match.3)!, Double(match.4)!)
    isLogarithmic = match.5 == "logarithmic"
    super.init()
    let parser = XMLParser(data: Data(match.6.utf8))
    parser.delegate = self
    try #require(parser.parse(), "\(String(describing: parser.parserError)): \(match.6)")
  }

  func step(_ x: Double) -> Double { left + x / 1000 * (right - left) }

  func value(_ y: Double) -> Double {
    isLogarithmic ? low * pow(high / low, 1 - y / 1000) : low + (1 - y / 1000) * (high - low)
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
      places[String(style.prefix { $0 != " " }), default: []].append(attributes["data-line"].flatMap { Int($0) } ?? -1)
    }
    if name == "line" { lines[style, default: 0] += 1 }
  }
}
