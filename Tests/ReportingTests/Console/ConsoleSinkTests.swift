import Logging
import Reporting
import Synchronization
import Testing

struct ConsoleSinkTests {
  /// What is written of 100 epochs of a second each.
  private func lines(_ change: (inout EpochRecord) -> Void) -> [String] {
    let lines = Mutex<[String]>([])
    let console = ConsoleProgress(
      output: ConsoleProgress.Output(
        isTerminal: false, width: { 80 }, write: { line in lines.withLock { $0.append(line) } }))
    let logger = Logger(label: "test") { _ in ConsoleLogHandler(console: console) }
    let sink = ConsoleSink(console, logger: logger, totalSteps: 100, totalEpochs: 100)
    for epoch in 1...100 {
      var record = EpochRecord(step: epoch, epoch: epoch, meanLoss: 0.5, seconds: 1)
      change(&record)
      sink.take(.epoch(record))
    }
    return lines.withLock { $0 }
  }

  private func epochs(_ lines: [String]) -> [Int] {
    lines.compactMap { Int($0.dropFirst("epoch ".count).prefix { $0 != ":" }) }
  }

  private let evaluation = [MetricValue(Metric(name: "knn"), 0.5)]

  @Test("of short epochs a line comes in ten seconds, and for an evaluation and the last")
  func shortEpochs() {
    let lines = lines { if $0.epoch == 7 { $0.evaluation = evaluation } }
    #expect(epochs(lines) == [1, 7] + stride(from: 17, to: 100, by: 10) + [100])
  }

  @Test("of short epochs that are all evaluated a line comes in ten seconds, and for the last")
  func evaluatedEpochs() {
    #expect(epochs(lines { $0.evaluation = evaluation }) == stride(from: 1, to: 100, by: 10) + [100])
  }

  @Test("what evaluating took is said with its share of the time")
  func share() {
    let lines = lines {
      $0.evaluation = evaluation
      ($0.evaluationSeconds, $0.evaluationShare) = (2, $0.epoch == 1 ? 0.004 : 0.157)
    }
    #expect(
      lines.first == "epoch 1: mean loss 0.5000, knn 0.5000, 1s, 2s more to evaluate (under 1 % of the time)\n")
    #expect(lines.last?.hasSuffix(", 2s more to evaluate (16 % of the time)\n") == true)
  }
}
