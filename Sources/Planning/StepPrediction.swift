import Benchmarks
import Compute
import MaskedAutoencoder
import Pretraining
import Training
import VisionTransformer

/// What a rank computes in a step, in seconds, whatever the other ranks do.
public struct ComputeTimes: Sendable, Encodable {
  public var forward: Double
  public var backward: Double
  public var optimizer: Double
  /// The part of `backward` that belongs to the last round, when finished gradients cross the network.
  public var lastBackward: Double

  public init(forward: Double, backward: Double, optimizer: Double, lastBackward: Double) {
    self.forward = forward
    self.backward = backward
    self.optimizer = optimizer
    self.lastBackward = lastBackward
  }

  public var total: Double { forward + backward + optimizer }

  /// From the rates of a machine: the products at the rate of products alone, GELU, softmax and layer norms at theirs, a
  /// third of it in forward, and what all of them read and write at the speed of memory.
  ///
  /// Between products each activation is written and read once in forward, and in backward read again beside a gradient
  /// that is written and read: five times its bytes. A step of AdamW reads parameter, moments and gradient and writes the
  /// first three; the norm reads the gradient before.
  public init(_ configuration: PretrainingConfiguration, placement: VirtualWorkerPlacement, rates: MachineRates) {
    let model = configuration.model
    let train = configuration.train
    let table = MaskedAutoencoder(model).table
    let memory = rates.memoryGigabytes * 1e9
    let gemm = rates.gemmGflops * 1e9 / Double(placement.threads)
    let images = Double(placement.imagesPerVirtualWorker)
    let workspace = WorkspaceMemory(
      model: model, imageCount: placement.imagesPerVirtualWorker, precision: train.precision)
    let activations = Double(placement.threads * workspace.activationBytes) / memory
    let arena = Double(table.arenaCount * MemoryLayout<Float>.stride)
    let forwardProducts = images * model.operationsPerImage / 3 / gemm
    let functions =
      images * model.functionElementsPerImage * Double(placement.threads) / (rates.functionGigaelements * 1e9)
    let recomputation = images * model.recomputedOperations(train.recompute) / gemm
    let rounds = Double(placement.rounds)
    // Each thread reads its part of all threads' gradients and adds it to the rank's.
    let reduction = arena * Double(placement.threads + 1) / memory
    lastBackward = 2 * forwardProducts + recomputation + 2 / 3 * functions + 3 * activations + reduction
    forward = rounds * (forwardProducts + functions / 3 + 2 * activations)
    backward = rounds * lastBackward
    optimizer = 8 * arena / memory / Double(configuration.parallel.shardOptimizer ? placement.sharingRanks : 1)
  }
}

/// One step of all ranks.
public struct StepPrediction: Sendable {
  public let compute: ComputeTimes
  /// The sum of the gradients over the ranks, whether or not backward hides it.
  public let communication: Double
  /// What backward does not hide.
  public let waiting: Double

  public var total: Double { compute.total + waiting }
  /// The step of a rank that trains alone on the same images, as a share of this one: of ideal weak scaling.
  public var efficiency: Double { compute.total / total }

  /// Lets the buckets become ready while the last round's backward goes on, and cross one after another. Where ranks
  /// divide the optimiser, only the way to the sums is hidden; the parameters come back after the update.
  public init(
    compute: ComputeTimes, model: ModelConfiguration, parallel: ParallelConfiguration = ParallelConfiguration(),
    allreduce: AllreduceModel
  ) {
    self.compute = compute
    let floatBytes = parallel.gradientWire == .bf16 ? 2 : 4
    let table = MaskedAutoencoder(model).table
    let buckets = GradientBuckets(table)
    // A group's backward takes time as it has parameters, for as many tokens as its part of the model sees.
    let weights = table.groups.map { group in
      Double(group.range.count)
        * Double(group.name.hasPrefix("decoder") ? 1 + model.patchCount : 1 + model.visibleCount)
    }
    let all = weights.reduce(0, +)
    var (done, linkIsFree, busy) = (0.0, 0.0, 0.0)
    for group in table.groups.indices.reversed() {
      done += weights[group] / all * compute.lastBackward
      guard let bucket = buckets.completed(by: group) else { continue }
      let bytes = bucket.count * floatBytes
      let seconds =
        parallel.shardOptimizer ? allreduce.reduceScatterSeconds(bytes: bytes) : allreduce.seconds(bytes: bytes)
      busy += seconds
      linkIsFree = max(linkIsFree, done) + seconds
    }
    let gather =
      parallel.shardOptimizer
      ? buckets.ranges.reduce(0) { $0 + allreduce.gatherSeconds(bytes: $1.count * MemoryLayout<Float>.stride) } : 0
    communication = busy + gather
    waiting = (busy > 0 ? linkIsFree - compute.lastBackward : 0) + gather + allreduce.controlSeconds
  }
}

extension ModelConfiguration {
  /// The operations of forward that backward makes a second time, for one image.
  func recomputedOperations(_ recompute: Recompute) -> Double {
    switch recompute {
    case .none: return 0
    case .mlp:
      func expansion(_ transformer: TransformerConfiguration, tokens: Int) -> Double {
        2 * Double(transformer.depth * tokens * transformer.width * transformer.hiddenWidth)
      }
      return expansion(encoder, tokens: 1 + visibleCount) + expansion(decoder, tokens: 1 + patchCount)
    // All of forward but the embeddings, the head and the last blocks, which are a small part of it.
    case .block: return operationsPerImage / 3
    }
  }
}
