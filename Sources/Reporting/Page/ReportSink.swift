import Compute
import Foundation

/// Keeps `report.html` up to date while the run goes on.
///
/// A thread of its own reads what has been added to the log and writes the page anew, every half a minute, or more rarely where
/// a page takes long, so that all of them take no more than a two-hundredth of the time: steps wait for nothing, and no record
/// is kept for it. What was recorded before a resume is in the log too.
public final class ReportSink: RecordSink {
  private let pages: Monitor<Pages>
  /// Why the last page could not be written.
  private let failure: Monitor<ReportingError?>

  /// The least pause between two pages.
  public static let leastPause = 30.0
  /// Until the first page: who starts a run wants to look at it.
  private static let firstSeconds = 3.0

  /// The pause behind a page, which says how long it is: by what the page before took, since nobody knows yet what it will.
  static func pause(behindPageAfter secondsOfLast: Double) -> Double { max(leastPause, 200 * secondsOfLast) }

  /// - Parameters:
  ///   - directory: of the run, with its log and its configuration.
  ///   - mayWrite: whether the directory is still the run's.
  public init(directory: String, mayWrite: @escaping @Sendable () -> Bool) {
    let pages = Monitor(Pages(directory: directory, mayWrite: mayWrite))
    let failure = Monitor<ReportingError?>(nil)
    (self.pages, self.failure) = (pages, failure)
    do {
      _ = try SystemThread(for: "the report") { Self.keepWriting(pages, failure) }
    } catch {
      failure.withLock { $0 = .system(action: "keep up to date", path: directory, reason: "\(error)") }
    }
  }

  private static func keepWriting(_ pages: Monitor<Pages>, _ failure: Monitor<ReportingError?>) {
    var pause = firstSeconds
    var took = 0.0
    while true {
      // In short sleeps, so that a run that has ended is not held by them.
      for _ in 0..<Int(pause.rounded(.up)) {
        sleepThread(seconds: 1)
        if pages.withLock({ $0.isFinished }) { return }
      }
      pause = Self.pause(behindPageAfter: took)
      let start = ContinuousClock.now
      let result = pages.withLock { pages -> ReportingError? in
        guard !pages.isFinished else { return nil }
        do throws(ReportingError) {
          try pages.write(isAlive: true, rewriteSeconds: pause)
          return nil
        } catch {
          return error
        }
      }
      failure.withLock { $0 = result }
      took = (ContinuousClock.now - start) / .seconds(1)
    }
  }

  public func take(_ record: RunRecord) throws(ReportingError) {
    if let failure = failure.withLock({ $0 }) { throw failure }
  }

  public func rewind(to step: Int) { pages.withLock { $0.readAgain() } }

  /// Writes the page for the last time.
  public func finish() throws(ReportingError) {
    try pages.withLock { (pages) throws(ReportingError) in
      defer { pages.end() }
      try pages.write(isAlive: false, rewriteSeconds: nil)
    }
  }

  deinit {
    pages.withLock { $0.end() }
  }

  /// What the last page says of the run's health.
  public var findings: [HealthFinding] { pages.withLock { $0.findings } }
}

/// The pages of one run, one after another.
private struct Pages {
  let directory: String
  /// Nil when no more are written. It may hold on to the run's lock, which is then free for the next run, while the thread
  /// sleeps yet.
  private var mayWrite: (@Sendable () -> Bool)?
  private var history = RunHistory()
  private var follower: LogFollower
  private(set) var findings: [HealthFinding] = []
  var isFinished: Bool { mayWrite == nil }

  mutating func end() { mayWrite = nil }

  init(directory: String, mayWrite: @escaping @Sendable () -> Bool) {
    (self.directory, self.mayWrite) = (directory, mayWrite)
    follower = LogFollower(path: "\(directory)/log.jsonl")
  }

  /// The log has lost lines that were read.
  mutating func readAgain() {
    history = RunHistory()
    follower = LogFollower(path: follower.path)
  }

  mutating func write(isAlive: Bool, rewriteSeconds: Double?) throws(ReportingError) {
    guard let mayWrite, mayWrite() else { return }
    do { try history.read(&follower) } catch { throw .file(error) }
    let run = ReportedRun(directory: directory, history: history, isAlive: isAlive, showsImages: true)
    findings = run.findings
    try ReportPage([run], rewriteSeconds: rewriteSeconds).write(
      // Of all runs that were killed while they wrote one such file is left, which the next one replaces.
      to: "\(directory)/report.html", through: "report.html.writing")
  }
}
