import Foundation

/// The numbers at the head of a report.
struct RunSummary {
  let steps: [StepRecord]
  let epochs: [EpochRecord]
  /// Everything that is neither a step nor an epoch.
  let events: [LogLine]
  private let times: [Double]

  init(_ lines: [LogLine]) {
    steps = lines.compactMap(StepRecord.init)
    epochs = lines.compactMap(EpochRecord.init)
    events = lines.filter { ![StepRecord.event, EpochRecord.event].contains($0.event) }
    times = lines.compactMap(\.time)
  }

  /// Names and values, the most telling first.
  var figures: [(name: String, value: String)] {
    var figures: [(String, String)] = []
    if let last = steps.last {
      figures.append(("loss at the end", ProgressFormat.loss(last.loss)))
      figures.append(("steps", String(last.step)))
      figures.append(("epochs", ProgressFormat.epochs(last.epoch, shortened: true)))
      let rates = steps.map(\.imagesPerSecond).filter(\.isFinite).sorted()
      if !rates.isEmpty {
        figures.append(("images/s, median", ProgressFormat.measure(rates[rates.count / 2])))
      }
    }
    if let first = times.min(), let last = times.max(), last > first {
      figures.append(("first to last line", ProgressFormat.duration(last - first)))
    }
    if let peak = steps.compactMap(\.residentMegabytes).max() {
      figures.append(("memory of rank 0", "\(ProgressFormat.measure(peak / 1000)) GB"))
    }
    return figures
  }

  /// Resumes and rollbacks: where the curve has a seam.
  var seams: [Double] {
    events.filter { ["resume", "rollback"].contains($0.event) }.map { Double($0.step) }
  }

  /// `2026-05-01 08:30 UTC`, of the last line.
  var lastTime: String? {
    times.max().map { time in
      let date = Date(timeIntervalSince1970: time)
      return date.formatted(.iso8601.year().month().day().dateSeparator(.dash)) + " "
        + date.formatted(.iso8601.time(includingFractionalSeconds: false)).prefix(5) + " UTC"
    }
  }
}
