import Imaging

/// This process's part of one step's images, decoded, cropped and flipped.
///
/// The memory belongs to the loader, which fills it again as soon as the batch is gone: take no view of it further than
/// the batch lives.
public struct Batch: ~Copyable, Sendable {
  public let step: Int
  public let epoch: Int
  /// The data set's index of each image's sample. Where that one could not be used, another image stands in its
  /// place, and the index stays: everything random is keyed by it.
  public let samples: [Int]
  /// The class of each image, the stand-ins' own; nil without labels.
  public let labels: [Int?]
  /// Images that could not be used for this part of the step; may name one more than once.
  public let badSamples: [BadSample]
  /// What was wrong with images that could be used when they were read once more.
  public let goodTheSecondTime: [BadSample]
  /// Images whose EXIF data asks for a turn that was not made.
  public let asksForTurnCount: Int
  /// How long the caller waited for this batch.
  public let waitSeconds: Double

  private let slot: BatchSlot
  private let ring: BatchRing

  init(slot: BatchSlot, ring: BatchRing, epoch: Int, waitSeconds: Double) {
    step = slot.step
    self.epoch = epoch
    samples = slot.samples
    labels = slot.labels
    badSamples = slot.badSamples
    goodTheSecondTime = slot.goodTheSecondTime
    asksForTurnCount = slot.asksForTurnCount
    self.waitSeconds = waitSeconds
    self.slot = slot
    self.ring = ring
  }

  deinit {
    ring.release(slot)
  }

  public var count: Int { samples.count }

  /// The samples of one image: channels × height × width, 64-byte aligned, of the kind that the image has.
  public func pixels(of index: Int) -> PlanarPixels {
    slot.images[index].pixels
  }
}
