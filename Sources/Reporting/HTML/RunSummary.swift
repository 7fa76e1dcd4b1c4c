import Foundation

/// What a report shows of a run's lines, put together line by line, so that a long log is never whole in memory.
public struct RunSummary: Sendable {
  typealias Point = (step: Double, value: Double)

  /// A small curve, and what it is drawn with.
  struct ChartPoints {
    let chart: StepQuantity.Chart
    var points: [Point] = []
  }

  private let metrics: [Metric]
  private(set) var lastStep: StepRecord?
  private(set) var losses: [Point] = []
  /// Of the task's metrics, then of the quantities of every run.
  private(set) var charts: [ChartPoints]
  private(set) var epochs: [EpochRecord] = []
  /// The last ones of what is neither a step nor an epoch, at most `eventLimit`.
  private(set) var events: [LogLine] = []
  private(set) var eventCount = 0
  /// Resumes and rollbacks: where the curve has a seam.
  private(set) var seams: [Double] = []
  private var rates: [Double] = []
  private var peakMegabytes: Double?
  private var firstTime: Double?
  private var latestTime: Double?

  /// A page with more than so many rows is of no use to anybody, and takes long to be shown.
  static let eventLimit = 1000

  private static let quantities = StepQuantity.all.filter { $0.chart != nil }

  /// - Parameter metrics: what the task reports.
  public init(metrics: [Metric] = []) {
    self.metrics = metrics
    charts =
      metrics.map { ChartPoints(chart: StepQuantity.Chart(title: $0.title)) }
      + Self.quantities.map { ChartPoints(chart: $0.chart!) }
  }

  public init(_ lines: some Sequence<LogLine>, metrics: [Metric] = []) {
    self.init(metrics: metrics)
    for line in lines { add(line) }
  }

  public mutating func add(_ line: LogLine) {
    if let time = line.time {
      firstTime = min(firstTime ?? time, time)
      latestTime = max(latestTime ?? time, time)
    }
    switch line.event {
    case StepRecord.event:
      if let record = StepRecord(line, metrics: metrics) { add(record) }
    case EpochRecord.event:
      if let record = EpochRecord(line, metrics: metrics) { epochs.append(record) }
    default: addEvent(line)
    }
  }

  private mutating func addEvent(_ line: LogLine) {
    if ["resume", "rollback"].contains(line.event) { seams.append(Double(line.step)) }
    eventCount += 1
    events.append(line)
    // Seldom, since it moves the others.
    if events.count >= 2 * Self.eventLimit { events.removeFirst(events.count - Self.eventLimit) }
  }

  private mutating func add(_ record: StepRecord) {
    lastStep = record
    let step = Double(record.step)
    losses.append((step, record.loss))
    for (index, metric) in metrics.enumerated() {
      guard let value = record.metrics.first(where: { $0.metric == metric })?.value else { continue }
      charts[index].points.append((step, value))
    }
    for (index, quantity) in Self.quantities.enumerated() {
      guard let value = quantity.place.value(in: record) else { continue }
      charts[metrics.count + index].points.append((step, value))
    }
    if record.imagesPerSecond.isFinite { rates.append(record.imagesPerSecond) }
    if let megabytes = record.residentMegabytes { peakMegabytes = max(peakMegabytes ?? megabytes, megabytes) }
  }

  /// What evaluations after epochs came to, whatever it was, in the order of its first appearance.
  var evaluated: [Metric] {
    var seen: Set<Metric> = []
    return epochs.flatMap(\.evaluation).map(\.metric).filter { seen.insert($0).inserted }
  }

  /// The course of each of them.
  var evaluationCharts: [ChartPoints] {
    evaluated.map { metric in
      ChartPoints(
        chart: StepQuantity.Chart(title: metric.title),
        points: epochs.compactMap { epoch in
          epoch.evaluation.first { $0.metric == metric }.map { (Double(epoch.step), $0.value) }
        })
    }
  }

  /// Names and values, the most telling first.
  var figures: [(name: String, value: String)] {
    var figures: [(String, String)] = []
    if let last = lastStep {
      figures.append(("loss at the end", ProgressFormat.loss(last.loss)))
      figures += (epochs.last { !$0.evaluation.isEmpty }?.evaluation ?? []).map {
        ("\($0.metric.title), last", ProgressFormat.loss($0.value))
      }
      figures += last.metrics.map { ("\($0.metric.title) at the end", ProgressFormat.loss($0.value)) }
      figures.append(("steps", String(last.step)))
      figures.append(("epochs", ProgressFormat.epochs(last.epoch, shortened: true)))
      let sorted = rates.sorted()
      if !sorted.isEmpty {
        figures.append(("images/s, median", ProgressFormat.measure(sorted[sorted.count / 2])))
      }
    }
    if let firstTime, let latestTime, latestTime > firstTime {
      figures.append(("first to last line", ProgressFormat.duration(latestTime - firstTime)))
    }
    if let peakMegabytes {
      figures.append(("memory of rank 0", "\(ProgressFormat.measure(peakMegabytes / 1000)) GB"))
    }
    return figures
  }

  /// `2026-05-01 08:30 UTC`, of the last line.
  var lastTime: String? {
    latestTime.map { time in
      let date = Date(timeIntervalSince1970: time)
      return date.formatted(.iso8601.year().month().day().dateSeparator(.dash)) + " "
        + date.formatted(.iso8601.time(includingFractionalSeconds: false)).prefix(5) + " UTC"
    }
  }
}
