/// Writes the report when a run has ended, from its log: only there is what was recorded before a resume.
public final class ReportSink: RecordSink {
  private let path: String
  private let log: String
  private let metrics: [Metric]
  private let report: HTMLReport

  /// - Parameters:
  ///   - path: of the page.
  ///   - log: of the run's log.
  ///   - metrics: what the task reports.
  public init(
    path: String, log: String, title: String, subject: String, metrics: [Metric], settings: [HTMLReport.Setting]
  ) {
    self.path = path
    self.log = log
    self.metrics = metrics
    report = HTMLReport(title: title, subject: subject, summary: RunSummary(), settings: settings)
  }

  public func take(_ record: RunRecord) {}

  public func finish() throws(ReportingError) {
    var report = report
    report.summary = RunSummary(metrics: metrics)
    try TrainingLog.forEachLine(at: log) { report.summary.add($0) }
    try report.write(to: path)
  }
}
