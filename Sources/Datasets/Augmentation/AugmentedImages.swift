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
  public func write(
    sample: Int, epoch: Int, into output: PlanarImage, using resizer: inout Resizer
  ) throws(DatasetError) -> WrittenImage {
    precondition(output.shape == shape, "output of another shape")
    var written = WrittenImage()
    for offset in 0..<min(source.count, Self.badInARowLimit) {
      let index = (sample + offset) % source.count
      do throws(DatasetError) {
        written.asksForTurn = try write(index, sample: sample, epoch: epoch, into: output, using: &resizer)
        return written
      } catch {
        guard case .badImage(let bad) = error else { throw error }
        // Bytes that are bad stay bad. Where they are not the next time, a disk, a network or memory has changed them.
        do throws(DatasetError) {
          written.asksForTurn = try write(index, sample: sample, epoch: epoch, into: output, using: &resizer)
          written.goodTheSecondTime.append(bad)
          return written
        } catch {
          guard case .badImage = error else { throw error }
          written.passedOver.append(bad)
        }
      }
    }
    let bad = written.passedOver
    throw .tooManyBadImages(count: bad.count, first: bad[0], last: bad[bad.count - 1])
  }

  /// The class of the image that `write` took for `sample`, having passed over so many; nil without labels.
  func label(of sample: Int, passedOver: Int) -> Int? { source.label(of: (sample + passedOver) % source.count) }

  /// - Returns: whether the image asks for a turn that was not made.
  private func write(
    _ index: Int, sample: Int, epoch: Int, into output: PlanarImage, using resizer: inout Resizer
  ) throws(DatasetError) -> Bool {
    var (flipped, upsideDown) = (false, false)
    if augmentation.flip != .none {
      var stream = RandomStream(seed: seed, purpose: .flip, epoch: epoch, sample: sample)
      flipped = stream.nextWord() >> 31 == 1
      if augmentation.flip == .both { upsideDown = stream.nextWord() >> 31 == 1 }
    }
    let isRandom = augmentation.randomCrop
    let request = CropRequest(
      outputWidth: shape.width, outputHeight: shape.height, isFast: isRandom && augmentation.fastDecode
    ) { width, height in
      guard isRandom else { return PixelRectangle(left: 0, top: 0, width: width, height: height) }
      var stream = RandomStream(seed: seed, purpose: .crop, epoch: epoch, sample: sample)
      return Datasets.randomCrop(
        imageWidth: width, imageHeight: height, scale: augmentation.cropScale, ratio: augmentation.cropRatio,
        stream: &stream)
    }
    let part = try source.image(at: index, channels: shape.channels, alpha: augmentation.alpha, request)
    let pixels = output.prepare(part.image.samples.kind)
    if isRandom {
      resizer.resizedCrop(part.image, crop: part.crop, flipped: flipped, upsideDown: upsideDown, into: pixels)
    } else {
      resizer.centerCrop(
        part.image, CenterCrop(keptFraction: 1), flipped: flipped, upsideDown: upsideDown, into: pixels)
    }
    try applyRandAugment(to: pixels, of: index, sample: sample, epoch: epoch)
    guard pixels.isFinite else { throw .badImage(source.notFinite(index)) }
    return part.asksForTurn
  }

  private func applyRandAugment(
    to pixels: PlanarPixels, of index: Int, sample: Int, epoch: Int
  ) throws(DatasetError) {
    guard let randAugment else { return }
    if let refusal = RandAugment.refusal(pixels.kind, channels: shape.channels) {
      let name = source.name(of: index)
      throw .badImage(BadSample(index: index, name: name, reason: "\(name): \(refusal)"))
    }
    var op = ImageOperator()
    randAugment.policy.apply(to: pixels, fill: randAugment.fill, seed: seed, epoch: epoch, sample: sample, using: &op)
  }
}

/// What came of writing one image.
public struct WrittenImage: Sendable, Equatable {
  /// Images that could not be used, before the one that could; mostly none.
  public internal(set) var passedOver: [BadSample] = []
  /// What was wrong with an image that could be used when it was read once more: a sign of bad memory or of a bad disk.
  public internal(set) var goodTheSecondTime: [BadSample] = []
  /// Whether the image's EXIF data asks for a turn that was not made.
  public internal(set) var asksForTurn = false
}
