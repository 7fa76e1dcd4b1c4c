import Logging
import Reporting
import Synchronization
import Testing

struct ConsoleSinkTests {
  @Test("of short epochs a line comes in ten seconds, and for each evaluation and the last")
  func shortEpochs() {
    let lines = Mutex<[String]>([])
    let console = ConsoleProgress(
      output: ConsoleProgress.Output(
        isTerminal: false, width: { 80 }, write: { line in lines.withLock { $0.append(line) } }))
    let logger = Logger(label: "test") { _ in ConsoleLogHandler(console: console) }
    let sink = ConsoleSink(console, logger: logger, totalSteps: 100, totalEpochs: 100)
    for epoch in 1...100 {
      var record = EpochRecord(step: epoch, epoch: epoch, meanLoss: 0.5, seconds: 1)
      if epoch == 7 { record.evaluation = [MetricValue(Metric(name: "knn"), 0.5)] }
      sink.take(.epoch(record))
    }
    let epochs = lines.withLock { $0.compactMap { Int($0.dropFirst("epoch ".count).prefix { $0 != ":" }) } }
    #expect(epochs == [1, 7] + stride(from: 17, to: 100, by: 10) + [100])
  }
}
