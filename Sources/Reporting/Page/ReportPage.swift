import Files
import Foundation

/// `report.html`: a run, or several beside one another, on one page that needs nothing but itself, for a browser, a mail, an
/// archive.
public struct ReportPage: Sendable {
  public var runs: [ReportedRun]
  /// Seconds since 1970 at which the page is made.
  public var now: Double
  /// How often a live run writes its page anew, in seconds; nil where nobody will.
  public var rewriteSeconds: Double?

  /// - Parameter runs: at least one.
  public init(_ runs: [ReportedRun], now: Double = Date().timeIntervalSince1970, rewriteSeconds: Double? = nil) {
    precondition(!runs.isEmpty, "a report of no run")
    (self.runs, self.now, self.rewriteSeconds) = (runs, now, rewriteSeconds)
  }

  /// Writes the page in the place of an older one, in one move.
  ///
  /// - Parameter name: of the file until then, beside the page; one that nobody else takes unless it is given, as a run and
  ///   `mae report` may write the same page at once.
  public func write(to path: String, through name: String = "report.html.\(UUID().uuidString).writing")
    throws(ReportingError)
  {
    let bytes = Array(html.utf8)
    let files = PosixFileSystem()
    let temporary = "\(parentDirectory(of: path))/\(name)"
    try reporting { () throws(FileError) in
      do throws(FileError) {
        try? files.remove(temporary)
        var file = try AppendOnlyFile(path: temporary)
        try file.append(bytes)
        try file.synchronize()
        try files.rename(temporary, to: path)
      } catch {
        try? files.remove(temporary)
        throw error
      }
      try files.synchronizeDirectory(parentDirectory(of: path))
    }
  }

  var run: ReportedRun { runs[0] }
  var isComparison: Bool { runs.count > 1 }

  private var title: String {
    isComparison ? "\(runs.count) runs" : run.name
  }

  public var html: String {
    let live = rewriteSeconds.map { " data-every=\"\(max(5, Int($0.rounded(.up))))\"" } ?? ""
    let epoch = isComparison ? nil : run.history.stepsPerEpoch.map { " data-steps-per-epoch=\"\($0)\"" }
    let sections =
      isComparison
      ? [comparedRuns, charts, comparedSettings]
      : [charts, galleries, stepTime, epochTable, eventTable, settingsTables, environment]
    return """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(HTMLText.escaped(title)) – SwiftMAE</title>
      <link rel="icon" href="data:,">
      <style>
      \(ReportStyle.css)
      </style>
      </head>
      <body data-written="\(Int(now))"\(live)\(epoch ?? "")>
      \(header)
      \(sections.filter { !$0.isEmpty }.joined(separator: "\n"))
      <script>
      \(ReportScript.javaScript)
      </script>
      </body>
      </html>

      """
  }

  private var header: String {
    if isComparison {
      return "<header><p class=\"over\">SwiftMAE</p><h1>\(title) beside one another</h1></header>"
    }
    let subject = run.history.text("title") ?? "Training run"
    let late =
      rewriteSeconds == nil
      ? ""
      : """
      <p class="when late" hidden>The run has not written this page for a while: it may have ended without a word. \
      <code>mae report</code> tells.</p>
      """
    let lastLine = run.history.latestTime.map { "Last line of the log: \(Self.date($0)). " } ?? ""
    return """
      <header>
      <p class="over">\(HTMLText.escaped(subject))</p>
      <div class="title"><h1>\(HTMLText.escaped(run.name))</h1><span class="badge \(run.state.word)">\(run.state.word)</span></div>
      <p class="headline">\(HTMLText.escaped(run.headline))</p>
      <p class="when">\(lastLine)This page was written \(Self.date(now)), <span class="ago">then</span>.</p>
      \(late)
      \(progress)
      \(Self.list(run.findings))
      \(Self.list(run.figures))
      </header>
      """
  }

  private var progress: String {
    guard let total = run.history.totalSteps, total > 0 else { return "" }
    let percent = 100 * Double(run.history.lastStep) / Double(total)
    return "<div class=\"progress\"><i style=\"width:\(String(format: "%.2f", min(100, percent)))%\"></i></div>"
  }

  static func list(_ findings: [HealthFinding]) -> String {
    let items = findings.map { finding in
      let advice = finding.advice.map { "<p>\(HTMLText.escaped($0))</p>" } ?? ""
      return "<li class=\"\(finding.level.rawValue)\"><p>\(HTMLText.escaped(finding.sentence))</p>\(advice)</li>"
    }
    return items.isEmpty ? "" : "<ul class=\"health\">\n\(items.joined(separator: "\n"))\n</ul>"
  }

  static func list(_ figures: [(name: String, value: String)]) -> String {
    let items = figures.map {
      "<div><dt>\(HTMLText.escaped($0.name))</dt><dd>\(HTMLText.escaped($0.value))</dd></div>"
    }
    return items.isEmpty ? "" : "<dl class=\"figures\">\n\(items.joined(separator: "\n"))\n</dl>"
  }

  /// `28 November 2026, 08:30 UTC`.
  static func date(_ seconds: Double) -> String {
    // A log is a file, and files are edited: of years with more than four digits the calendar may know nothing.
    guard (0..<253_402_300_800).contains(seconds) else { return "an unknown date" }
    let months = [
      "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
      "December",
    ]
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = TimeZone(identifier: "UTC")!
    let date = calendar.dateComponents(
      [.year, .month, .day, .hour, .minute], from: Date(timeIntervalSince1970: seconds))
    return "\(date.day!) \(months[date.month! - 1]) \(date.year!), "
      + String(format: "%02d:%02d UTC", date.hour!, date.minute!)
  }
}

extension RunHistory {
  /// What the run said of itself when it began.
  func text(_ name: String) -> String? {
    guard case .text(let text)? = start[name] else { return nil }
    return text
  }
}
