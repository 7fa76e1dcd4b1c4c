import Compute
import Files
import Foundation

/// Progress for people: one line that updates itself in a terminal, a line now and then elsewhere (a file, a queue's log,
/// the pipe to mpirun). Rank 0 alone has one.
public final class ConsoleProgress: Sendable {
  /// Where the lines go.
  public struct Output: Sendable {
    public var isTerminal: Bool
    /// Columns, asked before each line of a terminal because windows change.
    public var width: @Sendable () -> Int
    public var write: @Sendable (String) throws(FileError) -> Void

    public init(
      isTerminal: Bool, width: @escaping @Sendable () -> Int,
      write: @escaping @Sendable (String) throws(FileError) -> Void
    ) {
      (self.isTerminal, self.width, self.write) = (isTerminal, width, write)
    }

    /// Standard error: standard output stays free for results.
    public static var standardError: Output {
      let dumb = ProcessInfo.processInfo.environment["TERM"] ?? "dumb" == "dumb"
      return Output(
        isTerminal: StandardStream.error.isTerminal && !dumb,
        width: {
          var size = winsize()
          return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
        },
        write: { text throws(FileError) in try StandardStream.error.write(text) })
    }
  }

  private struct State {
    var pace = Pace()
    var losses: [Double] = []
    var lastLine: Double?
    /// A terminal's line that has no line feed yet.
    var openLine: String?
    /// A step that is newer than what that line says.
    var unshown: ProgressSnapshot?
    /// Why something could not be shown, the first time.
    var failure: FileError?
    var hasToldFailure = false
  }

  private let output: Output
  private let secondsBetweenLines: Double
  private let state = Monitor(State())
  private static let curveLength = 16

  /// - Parameter secondsBetweenLines: where there is no terminal; a terminal's line updates four times a second.
  public init(output: Output = .standardError, secondsBetweenLines: Double = 10) {
    self.output = output
    self.secondsBetweenLines = output.isTerminal ? 0.25 : secondsBetweenLines
  }

  /// Call after every step; what is shown, and when, is decided here. The first and the last step always are.
  ///
  /// - Parameter time: seconds from any fixed moment.
  public func report(_ snapshot: ProgressSnapshot, time: Double = ConsoleProgress.uptime) {
    state.withLock { state in
      state.pace.report(step: snapshot.record.step, time: time)
      state.losses = (state.losses + [snapshot.record.loss]).suffix(Self.curveLength)
      let isDue = state.lastLine.map { time - $0 >= secondsBetweenLines } ?? true
      guard isDue || snapshot.record.step >= snapshot.totalSteps else {
        state.unshown = snapshot
        return
      }
      state.lastLine = time
      show(snapshot, &state)
    }
  }

  private func show(_ snapshot: ProgressSnapshot, _ state: inout State) {
    // A line as wide as the terminal would wrap, and a wrapped line cannot be written over.
    let line = snapshot.line(
      secondsLeft: state.pace.secondsLeft(totalSteps: snapshot.totalSteps),
      curve: output.isTerminal ? state.losses : [], columns: output.isTerminal ? output.width() - 1 : .max)
    state.unshown = nil
    if output.isTerminal {
      state.openLine = line
      show("\r\(line)\u{1B}[K", &state)
    } else {
      show("\(line)\n", &state)
    }
  }

  /// A sentence that stays: a warning, a checkpoint, a resume.
  public func note(_ sentence: String) {
    state.withLock { state in
      if let openLine = state.openLine {
        show("\r\u{1B}[K\(sentence)\n\(openLine)", &state)
      } else {
        show("\(sentence)\n", &state)
      }
    }
  }

  /// Ends the line that updates itself, with the last step, so that what follows begins on a new one.
  public func finish() {
    state.withLock { state in
      if state.openLine != nil {
        if let last = state.unshown { show(last, &state) }
        show("\n", &state)
      }
      state.openLine = nil
    }
  }

  /// Why something could not be shown, once, the first time that it happens. A full disk behind standard error, or a pipe
  /// that nobody reads any more, is no reason to stop: what cannot be shown is dropped.
  public func takeFailure() -> FileError? {
    state.withLock { state in
      guard !state.hasToldFailure, let failure = state.failure else { return nil }
      state.hasToldFailure = true
      return failure
    }
  }

  private func show(_ text: String, _ state: inout State) {
    do throws(FileError) {
      try output.write(text)
    } catch {
      state.failure = state.failure ?? error
    }
  }

  /// Seconds on a clock that never jumps.
  public static var uptime: Double { ProcessInfo.processInfo.systemUptime }
}
