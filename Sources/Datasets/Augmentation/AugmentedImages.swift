import Compute
import Imaging

/// Images of a source as the network takes them: a pure function of seed, epoch and sample index.
public struct AugmentedImages: Sendable {
  public let source: any ImageSource
  public let shape: ImageShape
  public let augmentation: Augmentation
  public let seed: UInt64
  /// What is done to 8-bit images of the network's size, with the samples that fill them up.
  public let randAugment: (policy: RandAugment, fill: [UInt8])?

  /// When so many images in a row cannot be used, the disk or the path is wrong, not the images.
  public static let badInARowLimit = 100

  /// - Parameter shape: grey, RGB, and RGB with alpha are converted into one another where the channels differ; any
  ///   other number of channels must be what the images have.
  public init(
    source: any ImageSource, shape: ImageShape, augmentation: Augmentation, seed: UInt64,
    randAugment: (policy: RandAugment, fill: [UInt8])? = nil
  ) throws(DatasetError) {
    try augmentation.validate()
    self.source = source
    self.shape = shape
    self.augmentation = augmentation
    self.seed = seed
    self.randAugment = randAugment
  }

  /// Writes the image of `sample` in `epoch` to `output`.
  ///
  /// If it cannot be used, the next of the data set that can stands in for it. What is random stays keyed by `sample`,
  /// so that no other image of the batch changes, and two that stand on the same one still differ.
  /// - Returns: the images passed over, mostly none.
  public func write(
    sample: Int, epoch: Int, into output: PlanarImage, using resizer: inout Resizer
  ) throws(DatasetError) -> [BadSample] {
    precondition(output.shape == shape, "output of another shape")
    var passedOver: [BadSample] = []
    for offset in 0..<min(source.count, Self.badInARowLimit) {
      let index = (sample + offset) % source.count
      do throws(DatasetError) {
        let image = try source.image(at: index, channels: shape.channels, alpha: augmentation.alpha)
        let pixels = output.prepare(image.samples.kind)
        augment(image, sample: sample, epoch: epoch, into: pixels, using: &resizer)
        if let randAugment {
          if let refusal = RandAugment.refusal(pixels.kind, channels: shape.channels) {
            let name = source.name(of: index)
            throw .badImage(BadSample(index: index, name: name, reason: "\(name): \(refusal)"))
          }
          var op = ImageOperator()
          randAugment.policy.apply(
            to: pixels, fill: randAugment.fill, seed: seed, epoch: epoch, sample: sample, using: &op)
        }
        guard pixels.isFinite else { throw .badImage(source.notFinite(index)) }
        return passedOver
      } catch {
        guard case .badImage(let bad) = error else { throw error }
        passedOver.append(bad)
      }
    }
    throw .tooManyBadImages(
      count: passedOver.count, first: passedOver[0], last: passedOver[passedOver.count - 1])
  }

  /// The class of the image that `write` took for `sample`, having passed over so many; nil without labels.
  func label(of sample: Int, passedOver: Int) -> Int? { source.label(of: (sample + passedOver) % source.count) }

  private func augment(
    _ image: Image, sample: Int, epoch: Int, into output: PlanarPixels, using resizer: inout Resizer
  ) {
    var (flipped, upsideDown) = (false, false)
    if augmentation.flip != .none {
      var stream = RandomStream(seed: seed, purpose: .flip, epoch: epoch, sample: sample)
      flipped = stream.nextWord() >> 31 == 1
      if augmentation.flip == .both { upsideDown = stream.nextWord() >> 31 == 1 }
    }
    guard augmentation.randomCrop else {
      return resizer.centerCrop(
        image, CenterCrop(keptFraction: 1), flipped: flipped, upsideDown: upsideDown, into: output)
    }
    var stream = RandomStream(seed: seed, purpose: .crop, epoch: epoch, sample: sample)
    let crop = randomCrop(
      imageWidth: image.width, imageHeight: image.height, scale: augmentation.cropScale,
      ratio: augmentation.cropRatio, stream: &stream)
    resizer.resizedCrop(image, crop: crop, flipped: flipped, upsideDown: upsideDown, into: output)
  }
}
