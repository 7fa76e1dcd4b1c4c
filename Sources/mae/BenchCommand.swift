import ArgumentParser
import Benchmarks
import Classification
import Collectives
import Compute
import Configuration
import Foundation
import Pretraining
import Training

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure this machine at the work of training.",
    discussion: "Example: mae bench step --config configs/vit_base.yaml --set train.batch_size=16",
    subcommands: [Step.self, Features.self, GEMM.self, DataLoading.self, Allreduce.self, Checkpoint.self])

  /// How many steps are measured.
  struct StepCount: ParsableArguments {
    @Option(name: .long, help: "Measured steps.")
    var steps = 5

    func validate() throws {
      guard (1...1_000_000).contains(steps) else {
        throw ValidationError("--steps is \(steps); measure from 1 to 1000000.")
      }
    }
  }

  /// `--json`, which every benchmark takes.
  struct Output: ParsableArguments {
    @Flag(name: .long, help: "Print one JSON object on one line.")
    var json = false

    func show(_ result: some Encodable) throws {
      let encoder = JSONEncoder()
      encoder.keyEncodingStrategy = .convertToSnakeCase
      encoder.outputFormatting =
        json ? [.sortedKeys, .withoutEscapingSlashes] : [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
      print(String(decoding: try encoder.encode(result), as: UTF8.self))
    }
  }

  struct Step: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Training steps, of pre-training or of a classifier, alone or under mpirun.",
      discussion: "Example: mae bench step --config configs/tiny32.yaml --steps 10 --json")
    @OptionGroup var options: TaskOptions
    @OptionGroup var count: StepCount

    @Option(name: .long, help: ArgumentHelp("Images to train on; random pixels otherwise.", valueName: "PATH"))
    var data: String?

    @OptionGroup var output: Output

    func run() throws {
      withCommunicator { communicator in
        let result =
          switch try communicator.together({ try options.load() }) {
          case .pretrain(let told): try measure(MaskedAutoencoding.self, told, communicator)
          case .finetune(let told): try measure(ImageClassification.self, told, communicator)
          }
        if communicator.rank == 0 { try output.show(result) }
        return 0
      }
    }

    private func measure<Task: TrainingTask>(
      _ task: Task.Type, _ told: Task.Configuration, _ communicator: any Communicator
    ) throws -> StepBenchmark {
      try StepBenchmark(task, told, data: data, steps: count.steps, communicator: communicator)
    }
  }

  struct Features: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Features of whole images, alone or under mpirun.",
      discussion: "Example: mae bench features --config configs/vit_base.yaml --images 32 --json")
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var precision: PrecisionOption
    @OptionGroup var output: Output

    @Option(name: .long, help: "Images whose features are taken, again and again.")
    var images = 32

    @Option(name: .long, help: "How often they are measured.")
    var repetitions = 3

    @Option(name: .long, help: "Threads of a process; its share of the cores unless given.")
    var threads: Int?

    func validate() throws {
      for (name, value, most) in [
        ("--images", images, 1_000_000), ("--repetitions", repetitions, 1_000), ("--threads", threads ?? 1, 1_000),
      ] where !(1...most).contains(value) {
        throw ValidationError("\(name) is \(value); ask for 1 to \(most).")
      }
    }

    func run() throws {
      withCommunicator { communicator in
        let configuration = try communicator.together { try options.load() }
        let result = try FeatureBenchmark(
          configuration, images: images, precision: precision.value, repetitions: repetitions,
          pool: try communicator.startThreads(threads), communicator: communicator)
        if communicator.rank == 0 { try output.show(result) }
        return 0
      }
    }
  }

  struct GEMM: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "gemm", abstract: "The matrix products of a training step, and nothing else.",
      discussion: "Example: mae bench gemm --config configs/vit_base.yaml")
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: Output

    private struct Result: Encodable {
      let gemmGflops: Double
      let threads: Int
      let blasKernel: String
    }

    func run() throws {
      withCommunicator { communicator in
        let configuration = try options.load()
        let kernels = try BLASKernels.open(configuration, checkpoint: nil, communicator: communicator)
        let threads = configuration.parallel.threads ?? availableCores().count
        let benchmark = try communicator.together {
          try GEMMBenchmark(
            model: configuration.model, images: configuration.imagesPerVirtualWorker, threads: threads,
            precision: configuration.train.precision)
        }
        try output.show(Result(gemmGflops: benchmark.gflops, threads: threads, blasKernel: kernels.kernel))
        return 0
      }
    }
  }

  struct DataLoading: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "data", abstract: "Reading and decoding images.",
      discussion: "Example: mae bench data --config configs/vit_base.yaml --set data.path=/data/photos")
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var count: StepCount
    @OptionGroup var output: Output

    func run() throws {
      withCommunicator { _ in
        try output.show(DataBenchmark(options.load(), steps: count.steps))
        return 0
      }
    }
  }

  struct Allreduce: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Sums over all ranks; start it with mpirun.",
      discussion: "Example: mpirun -np 2 mae bench allreduce")
    @OptionGroup var output: Output

    func run() throws {
      withCommunicator { communicator in
        guard communicator.size > 1 else {
          say(
            "bench allreduce needs two ranks or more to have a sum to measure; start it as mpirun -np 2 mae bench allreduce."
          )
          return 2
        }
        let result = try AllreduceBenchmark(communicator: communicator)
        if communicator.rank == 0 { try output.show(result) }
        return 0
      }
    }
  }

  struct Checkpoint: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Saving and verifying a model's state, alone or under mpirun.",
      discussion: "Example: mae bench checkpoint --config configs/vit_base.yaml --directory /data/runs")
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: Output

    @Option(name: .long, help: ArgumentHelp("Where to write; removed again.", valueName: "DIR"))
    var directory = "."

    func run() throws {
      withCommunicator { communicator in
        let configuration = try communicator.together { try options.load() }
        let threads = try VirtualWorkerPlacement(configuration.run, on: communicator).threads
        let result = try CheckpointBenchmark(
          configuration, directory: directory, threads: threads, communicator: communicator)
        if communicator.rank == 0 { try output.show(result) }
        return 0
      }
    }
  }
}
