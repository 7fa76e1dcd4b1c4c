import Files
import Glibc
import Reporting
import Synchronization
import Testing

struct ConsoleProgressTests {
  /// Collects what is written.
  private final class Screen: Sendable {
    private let pieces = Mutex<[String]>([])
    var written: [String] { pieces.withLock { $0 } }

    func output(isTerminal: Bool, width: Int = 200) -> ConsoleProgress.Output {
      ConsoleProgress.Output(
        isTerminal: isTerminal, width: { width }, write: { piece in self.pieces.withLock { $0.append(piece) } })
    }
  }

  private func snapshot(_ step: Int, loss: Double = 0.5) -> ProgressSnapshot {
    var record = StepRecord(
      step: step, epoch: Double(step) / 8, loss: loss, learningRate: 1.5e-4, imagesPerSecond: 412, stepSeconds: 1)
    record.gradientNorm = 1.21
    return ProgressSnapshot(record, totalSteps: 100, totalEpochs: 12.5)
  }

  @Test func aLineSaysEverythingOnce() {
    #expect(
      snapshot(12).line(secondsLeft: 7380, curve: [2, 1])
        == "step 12/100  epoch 1.50/12.50  loss 0.5000 █▁  lr 1.50e-04  grad 1.21  412 images/s  2h03m left")
    var last = snapshot(100)
    (last.record.gradientNorm, last.totalEpochs) = (nil, 800)
    #expect(
      last.line(secondsLeft: nil, curve: [])
        == "step 100/100  epoch 12.50/800  loss 0.5000  lr 1.50e-04  412 images/s  done")
  }

  @Test func whatTheTaskReportsStandsBehindTheLoss() {
    var reporting = snapshot(12)
    reporting.record.metrics = [MetricValue(Metric(name: "top_five"), 0.75), MetricValue(Metric(name: "accuracy"), 1)]
    #expect(
      reporting.line(secondsLeft: nil, curve: [])
        == "step 12/100  epoch 1.50/12.50  loss 0.5000  top five 0.7500  accuracy 1.0000  lr 1.50e-04  grad 1.21  "
        + "412 images/s")
  }

  /// What matters less is left out, whole, and the time that is left stays.
  @Test(arguments: [
    (79, "step 12/100  epoch 1.50/12.50  loss 0.5000 █▁  412 images/s  2h03m left"),
    (69, "step 12/100  epoch 1.50/12.50  loss 0.5000  412 images/s  2h03m left"),
    (40, "step 12/100  loss 0.5000 █▁  2h03m left"), (25, "step 12/100  2h03m left"), (12, "step 12/100"), (3, ""),
  ]) func aNarrowLineKeepsTheTimeThatIsLeft(columns: Int, line: String) {
    #expect(snapshot(12).line(secondsLeft: 7380, curve: [2, 1], columns: columns) == line)
  }

  @Test func withoutATerminalALineComesNowAndThen() {
    let screen = Screen()
    let progress = ConsoleProgress(output: screen.output(isTerminal: false), secondsBetweenLines: 10)
    // Two seconds a step: steps 1, 6, 11, … and the last one.
    for step in 1...100 { progress.report(snapshot(step), time: 1000 + 2 * Double(step)) }
    progress.note("checkpoint written")
    progress.finish()
    let steps = screen.written.map { $0.split(separator: "/")[0] }
    #expect(steps == stride(from: 1, through: 96, by: 5).map { "step \($0)" } + ["step 100", "checkpoint written\n"])
    #expect(screen.written[1].hasSuffix("412 images/s  3m08s left\n"), "94 steps at 2 s are 188 s")
    #expect(!screen.written[0].contains("left"), "one report has no pace yet")
    #expect(screen.written.allSatisfy { !$0.contains("\u{1B}") && $0.hasSuffix("\n") })
  }

  @Test func aTerminalsLineIsWrittenOverAndNeverWraps() {
    let screen = Screen()
    let progress = ConsoleProgress(output: screen.output(isTerminal: true, width: 21))
    progress.report(snapshot(1), time: 0)
    progress.report(snapshot(2), time: 0.1)
    progress.report(snapshot(3), time: 0.3)
    progress.note("resumed")
    progress.finish()
    progress.note("end")
    #expect(
      screen.written == [
        "\rstep 1/100\u{1B}[K", "\rstep 3/100  15s left\u{1B}[K", "\r\u{1B}[Kresumed\nstep 3/100  15s left",
        "\n", "end\n",
      ])
  }

  /// A run that is stopped between two lines ends with where it is, and not with where it was.
  @Test func aTerminalsLastLineIsOfTheLastStep() {
    let screen = Screen()
    let progress = ConsoleProgress(output: screen.output(isTerminal: true, width: 21))
    progress.report(snapshot(1), time: 0)
    progress.report(snapshot(2), time: 0.1)
    progress.note("stopped")
    progress.finish()
    #expect(
      screen.written == [
        "\rstep 1/100\u{1B}[K", "\r\u{1B}[Kstopped\nstep 1/100", "\rstep 2/100  10s left\u{1B}[K", "\n",
      ])
  }

  @Test func aTerminalDrawsTheLossesSinceTheLastLineToo() {
    let screen = Screen()
    let progress = ConsoleProgress(output: screen.output(isTerminal: true))
    for step in 0..<30 { progress.report(snapshot(step + 1, loss: Double(30 - step)), time: Double(step) / 100) }
    #expect(screen.written.last?.contains("loss 5.0000 ██▇▇▆▆▅▅▄▄▃▃▂▂▁▁  lr") == true, "\(screen.written)")
  }

  @Test func aRollbackStartsThePaceAfresh() {
    let screen = Screen()
    let progress = ConsoleProgress(output: screen.output(isTerminal: false), secondsBetweenLines: 0)
    for step in 1...10 { progress.report(snapshot(step), time: Double(step)) }
    progress.report(snapshot(6), time: 1000)
    progress.report(snapshot(7), time: 1003)
    #expect(screen.written[9].hasSuffix("1m30s left\n"))
    #expect(screen.written[10].hasSuffix("images/s\n"))
    #expect(screen.written[11].hasSuffix("4m39s left\n"), "93 steps at 3 s are 279 s")
  }

  @Test("what cannot be shown is dropped, and told once")
  func lostOutput() {
    let shown = Mutex(0)
    let output = ConsoleProgress.Output(
      isTerminal: false, width: { 80 },
      write: { _ throws(FileError) in
        let number = shown.withLock { count in
          count += 1
          return count
        }
        if number > 1 { throw FileError(call: .write, path: "standard error", code: number == 2 ? ENOSPC : EPIPE) }
      })
    let progress = ConsoleProgress(output: output)
    progress.note("one")
    #expect(progress.takeFailure() == nil)
    progress.note("two")
    progress.note("three")
    #expect(progress.takeFailure()?.code == ENOSPC)
    progress.report(snapshot(1), time: 1)
    #expect(progress.takeFailure() == nil)
    #expect(shown.withLock { $0 } == 4)
  }
}
