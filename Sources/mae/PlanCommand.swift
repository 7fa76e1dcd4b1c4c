import ArgumentParser
import Classification
import Compute
import Configuration
import Foundation
import Planning
import Pretraining
import Reporting
import Training

struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Predict memory, step time and scaling of pre-training on a cluster that need not be there.",
    discussion: """
      Takes the rates of a rank's cores from this machine, which it measures for some seconds, or from --gemm-gflops, \
      --memory-gigabytes and --function-gigaelements. The network is two numbers; ranks that share a node share its link.

      Example: mae plan --config configs/vit_base.yaml --nodes 16 --ranks-per-node 2 --threads 16 --bandwidth 25Gbit
      """)

  @OptionGroup var options: ConfigurationOptions

  @Option(name: .long, help: "How many nodes.")
  var nodes = 1

  @Option(name: .long, help: "MPI ranks of a node.")
  var ranksPerNode = 1

  @Option(name: .long, help: "Worker threads of a rank; its share of this machine's cores unless given.")
  var threads: Int?

  @Option(name: .long, help: ArgumentHelp("Of a node's link, for example 25Gbit.", valueName: "RATE"))
  var bandwidth = "1Gbit"

  @Option(name: .long, help: ArgumentHelp("Of a message between two nodes, for example 50us.", valueName: "TIME"))
  var latency = "50us"

  @Option(name: .long, help: "Images of the data set; ImageNet-1k's training images otherwise.")
  var images = 1_281_167

  @Option(name: .long, help: "A rank's matrix products, in 10^9 operations a second; measured otherwise.")
  var gemmGflops: Double?

  @Option(name: .long, help: "A rank's memory, in 10^9 bytes a second; measured otherwise.")
  var memoryGigabytes: Double?

  @Option(
    name: .long,
    help: "A rank's GELU, softmax and layer norms, in 10^9 elements a second; measured otherwise.")
  var functionGigaelements: Double?

  @OptionGroup var output: BenchCommand.Output

  func validate() throws {
    for (name, value, most) in [
      ("nodes", nodes, 100_000), ("ranks-per-node", ranksPerNode, 1_000), ("threads", threads ?? 1, 1_000),
      ("images", images, 1_000_000_000_000),
    ]
    where !(1...most).contains(value) {
      throw ValidationError("--\(name) is \(value); give 1 to \(most).")
    }
    for (name, value) in [
      ("gemm-gflops", gemmGflops), ("memory-gigabytes", memoryGigabytes),
      ("function-gigaelements", functionGigaelements),
    ] {
      if let value, !(1e-6...1e12).contains(value) {
        throw ValidationError("--\(name) is \(value); give a number above 0, in 10^9 a second.")
      }
    }
    if bitsPerSecond(bandwidth) == nil {
      throw ValidationError("--bandwidth is \(bandwidth); give a number with Mbit or Gbit, for example 25Gbit.")
    }
    if latencySeconds(latency) == nil {
      throw ValidationError("--latency is \(latency); give a number with us or ms, for example 50us.")
    }
  }

  func run() throws {
    withCommunicator { communicator in
      let configuration = try load()
      let threads = threads ?? configuration.parallel.threads ?? max(1, availableCores().count / ranksPerNode)
      _ = try BLASKernels.open(configuration, checkpoint: nil, communicator: communicator)
      // OpenBLAS's memory is taken by now if it makes the products, and nothing of the model.
      let program = try SystemUsage.current().residentMegabytes
      let rates = try MachineRates(
        of: configuration, threads: threads, gemmGflops: gemmGflops, memoryGigabytes: memoryGigabytes,
        functionGigaelements: functionGigaelements)
      let plan = try Plan(
        configuration,
        on: ClusterDescription(
          nodes: nodes, ranksPerNode: ranksPerNode, threads: threads,
          network: Network(
            bitsPerSecond: bitsPerSecond(bandwidth)!, latencySeconds: latencySeconds(latency)!)),
        rates: rates, images: images, programMegabytes: program)
      if output.json { try output.show(plan) } else { print(plan.table) }
      return 0
    }
  }

  /// Says of a classifier's configuration that only pre-training is predicted.
  private func load() throws -> PretrainingConfiguration {
    do {
      return try options.load()
    } catch let error as ConfigurationError {
      guard (try? options.load(as: ClassificationConfiguration.self)) != nil else { throw error }
      throw ConfigurationError(
        error.kind, at: error.path,
        "mae plan predicts runs of mae pretrain only, and this is a configuration of mae finetune: mae config check says "
          + "what memory it takes, and mae bench step measures its steps",
        origin: error.origin)
    }
  }
}
