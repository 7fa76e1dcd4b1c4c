import Checkpoints
import Collectives
import Compute
import Datasets
import Foundation
import MaskedAutoencoder
import Parameters
import Pretraining
import Reporting
import Testing
import Training

/// What a run does between epochs: 80 images in batches of 16 are five steps an epoch.
@Suite struct EpochEvaluationTests {
  private let path = NSTemporaryDirectory() + "epoch-evaluation-" + UUID().uuidString

  private func configuration(_ settings: [String] = []) throws -> PretrainingConfiguration {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try Data(idxFile(images: greyImages(count: 80))).write(to: URL(fileURLWithPath: "\(path)/images"))
    return try PretrainingConfiguration.decode(
      yaml: tinyConfiguration,
      overrides: [
        "data.path=\(path)/images", "train.epochs=6", "model.encoder={width: 8, depth: 1, heads: 1}",
        "model.decoder={width: 8, depth: 1, heads: 1}", "model.patch_size=4",
      ] + settings)
  }

  private func train<Task: TrainingTask>(
    _ task: Task.Type, _ run: String, _ settings: [String] = []
  ) throws where Task.Configuration == PretrainingConfiguration {
    let options = RunOptions(runDirectory: RunDirectory(path: "\(path)/\(run)"))
    let outcome = try Run<Task>(
      try configuration(settings), options: options, communicator: InProcessCommunicator()
    ).run()
    #expect(outcome == .completed)
  }

  private func epochs(of run: String) throws -> [EpochRecord] {
    try TrainingLog.lines(at: "\(path)/\(run)/log.jsonl").compactMap { EpochRecord($0) }
  }

  private func hash(of run: String) throws -> [String] {
    let checkpoint = try Checkpoint.open("\(path)/\(run)")
    return [try checkpoint.parameterHash(), try checkpoint.optimizerHash()]
  }

  @Test func evaluatesAfterDueEpochsAndChangesNothing() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    try train(Watched.self, "watched", ["checkpoint.keep_every_steps=5"])
    let records = try epochs(of: "watched")
    #expect(records.map(\.step) == [5, 10, 15, 20, 25, 30])
    for record in records {
      guard record.epoch.isMultiple(of: 2) else {
        #expect(record.evaluation.isEmpty && record.evaluationSeconds == nil && record.evaluationShare == nil)
        continue
      }
      #expect(record.evaluation.map(\.metric.name) == ["watched_epoch", "watched_sum"])
      #expect(record.evaluation[0].value == Double(record.epoch))
      #expect(try #require(record.evaluationSeconds) > 0)
      // Of all epochs and evaluations up to here, summed in the same order.
      let before = records.filter { $0.step <= record.step }
      let trained = before.reduce(0) { $0 + $1.seconds }
      let evaluated = before.reduce(0) { $0 + ($1.evaluationSeconds ?? 0) }
      #expect(record.evaluationShare == evaluated / (trained + evaluated))
      // What was looked at is what the checkpoint of that step has.
      let checkpoint = try Checkpoint.open("\(path)/watched/checkpoints/step-\(String(format: "%08d", record.step))")
      let table = try Watched(try configuration()).table
      let arena = AlignedBuffer<Float>(repeating: 0, count: table.arenaCount)
      try checkpoint.readParameters(CheckpointLayout(table: table, constants: [], moments: []), into: arena.all)
      #expect(record.evaluation[1].value == arena.all.array.reduce(0) { $0 + Double($1) })
    }
    try train(MaskedAutoencoding.self, "unwatched")
    #expect(try hash(of: "unwatched") == hash(of: "watched"))
    let report = try String(contentsOfFile: "\(path)/watched/report.html", encoding: .utf8)
    #expect(report.contains("<th class=\"number\">Watched sum</th>") && report.contains("<b>Watched sum</b>"))
    #expect(report.contains("<dt>Watched epoch</dt>"))
    let events = try #require(
      try FileManager.default.contentsOfDirectory(atPath: "\(path)/watched").first { $0.hasPrefix("events.") })
    let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(path)/watched/\(events)"))
    #expect(bytes.ranges(of: Data("watched_sum".utf8)).count == 3)
  }

  @Test(arguments: [7, 10]) func goesOnInTheMiddleOfAnEpochAndAtItsEnd(steps: Int) throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    try train(Watched.self, "whole")
    try train(Watched.self, "parts", ["train.steps=\(steps)"])
    try train(Watched.self, "parts")
    #expect(try hash(of: "parts") == hash(of: "whole"))
    let (whole, parts) = (try epochs(of: "whole"), try epochs(of: "parts"))
    #expect(parts.map(\.step) == whole.map(\.step))
    #expect(parts.map(\.evaluation) == whole.map(\.evaluation))
  }

  /// An evaluation that fails ends the run before the checkpoint of its step, so that the step is taken again. With one step
  /// an epoch the checkpoint before is still being written then, mostly: it is finished all the same.
  @Test func failsInOneSentence() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    let options = RunOptions(runDirectory: RunDirectory(path: "\(path)/failing"))
    let settings = ["train.batch_size=80"]
    let run = try Run<Failing>(try configuration(settings), options: options, communicator: InProcessCommunicator())
    let error = #expect(throws: SharedError.self) { _ = try run.run() }
    #expect(error?.description == "the evaluation of epoch 2 found nothing")
    #expect(try Checkpoint.open("\(path)/failing").step == 1)
  }
}

/// Pre-training that is looked at after every second epoch.
private typealias Watched = EvaluatedPretraining<SumOfParameters>
private typealias Failing = EvaluatedPretraining<NoEvaluation>

private protocol TestEvaluation: EpochEvaluation {
  init()
}

private final class SumOfParameters: TestEvaluation {
  let data: [EvaluationData] = []

  func isDue(afterEpoch epoch: Int, of epochs: Int) -> Bool { epoch.isMultiple(of: 2) }

  func evaluate(_ state: EvaluationState) throws -> [MetricValue] {
    state.advance()
    let sum = state.parameters.array.reduce(0) { $0 + Double($1) }
    return [
      MetricValue(Metric(name: "watched_epoch"), Double(state.epoch)), MetricValue(Metric(name: "watched_sum"), sum),
    ]
  }
}

private final class NoEvaluation: TestEvaluation {
  struct Nothing: Error, CustomStringConvertible {
    let description: String
  }

  let data: [EvaluationData] = []

  func isDue(afterEpoch epoch: Int, of epochs: Int) -> Bool { epoch.isMultiple(of: 2) }

  func evaluate(_ state: EvaluationState) throws -> [MetricValue] {
    try state.communicator.together {
      throw Nothing(description: "the evaluation of epoch \(state.epoch) found nothing")
    }
    return []
  }
}

/// A masked autoencoder with an evaluation, and else like `MaskedAutoencoding`.
private struct EvaluatedPretraining<Evaluation: TestEvaluation>: TrainingTask {
  static var name: String { MaskedAutoencoding.name }
  static var title: String { MaskedAutoencoding.title }
  static var metrics: [Metric] { [] }

  private let task: MaskedAutoencoding

  init(_ configuration: PretrainingConfiguration, from checkpoint: Checkpoint? = nil) throws {
    task = try MaskedAutoencoding(configuration, from: checkpoint)
  }

  var configuration: PretrainingConfiguration { task.configuration }
  var table: ParameterTable { task.table }
  var summary: String { task.summary }

  static func check(_ source: any ImageSource, for configuration: PretrainingConfiguration) {}

  func evaluation(
    beside source: any ImageSource, placement: VirtualWorkerPlacement
  ) throws -> (any EpochEvaluation)? { Evaluation() }

  func memories(_ need: MemoryNeed, gradient: Vector) -> [Workspace] { task.memories(need, gradient: gradient) }
  func memoryBytes(_ need: MemoryNeed) -> Int { task.memoryBytes(need) }

  func load(_ images: Range<Int>, of batch: borrowing Batch, into memory: Workspace) {
    task.load(images, of: batch, into: memory)
  }

  func forward(
    parameters: Vector, rounded: VectorView<BFloat16>, memory: Workspace, metrics: VectorView<Double>
  ) -> Double { task.forward(parameters: parameters, rounded: rounded, memory: memory, metrics: metrics) }

  func backward(
    parameters: Vector, rounded: VectorView<BFloat16>, memory: Workspace, receiver: some GradientReceiver
  ) { task.backward(parameters: parameters, rounded: rounded, memory: memory, receiver: receiver) }

  func showActivations(of memory: Workspace, _ show: (_ name: String, _ values: Matrix) -> Void) {
    task.showActivations(of: memory, show)
  }
}
