import Collectives
import Compute
import Pretraining
import Reporting
import Training

/// A cluster that may not be there.
public struct ClusterDescription: Sendable {
  public let nodes: Int
  public let ranksPerNode: Int
  public let threads: Int
  public let network: Network

  public init(nodes: Int, ranksPerNode: Int, threads: Int, network: Network) {
    self.nodes = nodes
    self.ranksPerNode = ranksPerNode
    self.threads = threads
    self.network = network
  }
}

/// What `mae plan` predicts; names and units are those of its JSON.
public struct Plan: Encodable {
  public struct MemoryPart: Encodable {
    public let name: String
    public let megabytes: Double
  }

  public let ranks: Int
  public let imagesPerRank: Int
  public let rounds: Int
  /// Whether another number of ranks would end in the same bits.
  public let hasEqualBits: Bool
  public let memory: [MemoryPart]
  /// Of a rank.
  public let memoryMb: Double
  /// What it takes beside, for its part of the copy that is saved in the background.
  public let checkpointCopyMb: Double
  public let rates: MachineRates
  public let computeSeconds: ComputeTimes
  public let allreduceSeconds: Double
  /// What backward does not hide of it.
  public let waitingSeconds: Double
  public let stepSeconds: Double
  public let scalingEfficiency: Double
  public let imagesPerSecond: Double
  public let images: Int
  public let epochsPerDay: Double

  /// - Parameters:
  ///   - images: of the data set.
  ///   - programMegabytes: what the program takes before it trains.
  public init(
    _ configuration: PretrainingConfiguration, on cluster: ClusterDescription, rates: MachineRates, images: Int,
    programMegabytes: Double
  ) throws {
    let ranks = cluster.nodes * cluster.ranksPerNode
    guard ranks <= configuration.virtualWorkers else {
      throw TrainingError.moreRanksThanVirtualWorkers(ranks: ranks, virtualWorkers: configuration.virtualWorkers)
    }
    let placements = (0..<ranks).map { rank in
      VirtualWorkerPlacement(
        virtualWorkers: configuration.virtualWorkers, imagesPerVirtualWorker: configuration.imagesPerVirtualWorker,
        rank: rank, ranks: ranks, threads: cluster.threads)
    }
    // All wait for the rank that has most to do.
    let placement = placements.max { $0.block.count < $1.block.count }!
    let training = TrainingMemory(try MaskedAutoencoding(configuration), placement: placement)
    memory =
      [MemoryPart(name: "program and libraries", megabytes: programMegabytes)]
      + training.parts.map { MemoryPart(name: $0.name, megabytes: Double($0.bytes) / 1e6) }
    memoryMb = memory.reduce(0) { $0 + $1.megabytes }
    checkpointCopyMb = Double(training.checkpointCopyBytes) / 1e6
    let prediction = StepPrediction(
      compute: ComputeTimes(configuration, placement: placement, rates: rates), model: configuration.model,
      parallel: configuration.parallel,
      allreduce: AllreduceModel(
        nodes: cluster.nodes, ranksPerNode: cluster.ranksPerNode, network: cluster.network,
        memoryBandwidth: rates.memoryGigabytes * 1e9))
    self.rates = rates
    self.ranks = ranks
    imagesPerRank = placement.images.count
    rounds = placement.rounds
    hasEqualBits = placement.hasEqualBits
    computeSeconds = prediction.compute
    allreduceSeconds = prediction.communication
    waitingSeconds = prediction.waiting
    stepSeconds = prediction.total
    scalingEfficiency = prediction.efficiency
    imagesPerSecond = Double(configuration.train.batchSize) / stepSeconds
    self.images = images
    epochsPerDay = 86400 * imagesPerSecond / Double(images)
  }
}
