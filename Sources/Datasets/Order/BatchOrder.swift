/// Which samples each training step takes: consecutive positions of the epoch's order. An epoch's incomplete last batch
/// is dropped.
public struct BatchOrder: Sendable {
  public let sampleCount: Int
  /// Images in a step's global batch, over all processes.
  public let batchSize: Int
  public let seed: UInt64
  public let order: SampleOrder

  public init(sampleCount: Int, batchSize: Int, seed: UInt64, order: SampleOrder = .global) throws(DatasetError) {
    precondition(batchSize > 0, "a batch of \(batchSize)")
    guard sampleCount >= batchSize else {
      throw .smallerThanBatch(sampleCount: sampleCount, batchSize: batchSize)
    }
    self.sampleCount = sampleCount
    self.batchSize = batchSize
    self.seed = seed
    self.order = order
  }

  public var stepsPerEpoch: Int { sampleCount / batchSize }

  /// The epoch that step `step` (from 0) belongs to.
  public func epoch(ofStep step: Int) -> Int { step / stepsPerEpoch }

  /// The sample that image `index` of step `step`'s global batch shows.
  public func sample(step: Int, index: Int) -> Int {
    precondition(index >= 0 && index < batchSize, "image \(index) of a batch of \(batchSize)")
    let (epoch, position) = (epoch(ofStep: step), step % stepsPerEpoch * batchSize + index)
    return switch order {
    case .global: EpochOrder(count: sampleCount, seed: seed, epoch: epoch)[position]
    case .blocks: BlockOrder(count: sampleCount, seed: seed, epoch: epoch)[position]
    }
  }
}
