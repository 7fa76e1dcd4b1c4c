import Compute
import Datasets
import Imaging
import Testing

@Suite struct AugmentedImagesTests {
  private let shape = ImageShape(channels: 3, height: 8, width: 10)

  private func image(
    _ source: any ImageSource, sample: Int, epoch: Int = 0, seed: UInt64 = 1, augmentation: Augmentation = .init()
  ) throws -> (bytes: [UInt8], bad: [BadSample]) {
    let images = try AugmentedImages(source: source, shape: shape, augmentation: augmentation, seed: seed)
    var resizer = Resizer()
    let output = PlanarImage(shape: shape)
    let written = try images.write(sample: sample, epoch: epoch, into: output, using: &resizer)
    return (output.bytes, written.passedOver)
  }

  @Test func dependsOnSampleEpochAndSeedAlone() throws {
    let source = SyntheticSource(count: 20)
    let first = try image(source, sample: 4)
    #expect(try image(source, sample: 4).bytes == first.bytes)
    #expect(try image(source, sample: 4, epoch: 1).bytes != first.bytes)
    #expect(try image(source, sample: 4, seed: 2).bytes != first.bytes)
    #expect(try image(source, sample: 5).bytes != first.bytes)
  }

  @Test func aBadImageIsReplacedByTheNextUnderItsOwnKey() throws {
    let broken = SyntheticSource(count: 10, bad: [8, 9, 0])
    let replaced = try image(broken, sample: 8)
    #expect(replaced.bad == [8, 9, 0].map { broken.badSample($0) })

    // Image 1, cropped and flipped as slot 8 says.
    var crops = RandomStream(seed: 1, purpose: .crop, epoch: 0, sample: 8)
    var flips = RandomStream(seed: 1, purpose: .flip, epoch: 0, sample: 8)
    let source = try broken.image(at: 1)
    let augmentation = Augmentation()
    let crop = randomCrop(
      imageWidth: source.width, imageHeight: source.height, scale: augmentation.cropScale,
      ratio: augmentation.cropRatio, stream: &crops)
    let expected = PlanarImage(shape: shape)
    var resizer = Resizer()
    resizer.resizedCrop(source, crop: crop, flipped: flips.uniform() >= 0.5, into: expected.pixels)
    #expect(replaced.bytes == expected.bytes)
    #expect(try image(broken, sample: 1).bytes != replaced.bytes)
  }

  @Test func onlyBadImagesEndInAnErrorAfterABoundedSearch() throws {
    let small = SyntheticSource(count: 3, bad: [0, 1, 2])
    #expect(
      throws: DatasetError.tooManyBadImages(count: 3, first: small.badSample(2), last: small.badSample(1))
    ) { try image(small, sample: 2) }
    let large = SyntheticSource(count: 1000, bad: Set(0..<500))
    #expect(
      throws: DatasetError.tooManyBadImages(count: 100, first: large.badSample(7), last: large.badSample(106))
    ) { try image(large, sample: 7) }
  }

  @Test func withoutAugmentationItIsTheCentre() throws {
    let source = SyntheticSource(count: 5)
    let expected = PlanarImage(shape: shape)
    var resizer = Resizer()
    resizer.centerCrop(try source.image(at: 3), CenterCrop(keptFraction: 1), into: expected.pixels)
    for epoch in 0..<4 {
      #expect(try image(source, sample: 3, epoch: epoch, augmentation: .none).bytes == expected.bytes)
    }
  }

  @Test func flipsAreMirrorImagesOfHalfOfAll() throws {
    let source = SyntheticSource(count: 5)
    let plain = try image(source, sample: 2, augmentation: .none).bytes
    let mirrored = (0..<plain.count).map { (index: Int) -> UInt8 in
      let (row, column) = index.quotientAndRemainder(dividingBy: shape.width)
      return plain[row * shape.width + shape.width - 1 - column]
    }
    var flips = 0
    let draws = 4000
    for epoch in 0..<draws {
      let bytes = try image(source, sample: 2, epoch: epoch, augmentation: .init(randomCrop: false)).bytes
      #expect(bytes == plain || bytes == mirrored)
      if bytes == mirrored { flips += 1 }
    }
    // Five standard deviations of a fair coin: sqrt(4000) / 2 = 31.6.
    #expect(abs(flips - draws / 2) < 158)
  }

  /// Left and right, and top and bottom, each on its own: four images, each a quarter of all.
  @Test func bothDirectionsAreMirroredIndependently() throws {
    let source = SyntheticSource(count: 5)
    let plain = try image(source, sample: 2, augmentation: .none).bytes
    func mirrored(_ flipped: Bool, _ upsideDown: Bool) -> [UInt8] {
      (0..<plain.count).map { index in
        let (line, column) = index.quotientAndRemainder(dividingBy: shape.width)
        let (plane, row) = line.quotientAndRemainder(dividingBy: shape.height)
        let from = plane * shape.height + (upsideDown ? shape.height - 1 - row : row)
        return plain[from * shape.width + (flipped ? shape.width - 1 - column : column)]
      }
    }
    let variants = [mirrored(false, false), mirrored(true, false), mirrored(false, true), mirrored(true, true)]
    #expect(Set(variants).count == 4)
    var counts = [0, 0, 0, 0]
    let draws = 4000
    for epoch in 0..<draws {
      let augmentation = Augmentation(randomCrop: false, flip: .both)
      let bytes = try image(source, sample: 2, epoch: epoch, augmentation: augmentation).bytes
      counts[try #require(variants.firstIndex(of: bytes))] += 1
    }
    // Five standard deviations: sqrt(4000 · 1/4 · 3/4) = 27.4.
    #expect(counts.allSatisfy { abs($0 - draws / 4) < 137 }, "\(counts)")
  }

  /// Bands do not decode as colours, and floats that are no numbers are bad images, wherever in the crop they lie.
  @Test func imagesThatTheNetworkCannotTakeAreBad() throws {
    let folder = try ScratchFolder()
    func write(_ values: [Float], to name: String) throws {
      let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2, 1), }"
      let text = Array(header.utf8) + Array(repeating: 32, count: 117 - header.utf8.count) + [10]
      let numbers = values.flatMap { value in (0..<4).map { UInt8(value.bitPattern >> (8 * $0) & 255) } }
      try folder.write([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.count), 0] + text + numbers, to: name)
    }
    try write([1, 2, 3, 4], to: "0.npy")
    try write([1, .nan, 3, 4], to: "1.npy")
    try write([1, 2, .infinity, 4], to: "2.npy")
    let source = try openSource(at: folder.path, options: DecodingOptions(channels: 1))
    let grey = ImageShape(channels: 1, height: 2, width: 2)
    let images = try AugmentedImages(source: source, shape: grey, augmentation: .none, seed: 1)
    var resizer = Resizer()
    let output = PlanarImage(shape: grey)
    let written = try images.write(sample: 1, epoch: 0, into: output, using: &resizer)
    #expect(
      written.passedOver.map(\.reason) == ["1.npy", "2.npy"].map { "\($0) holds values that are no finite numbers" })
    #expect(output.pixels.samples == .float32([1, 2, 3, 4]))
  }

  /// A file whose bytes are others when they are read again.
  @Test func anImageThatIsGoodTheSecondTimeIsTakenAndTold() throws {
    let source = FlickeringSource(failures: 1)
    let images = try AugmentedImages(source: source, shape: shape, augmentation: .init(), seed: 1)
    let output = PlanarImage(shape: shape)
    var resizer = Resizer()
    let first = try images.write(sample: 4, epoch: 0, into: output, using: &resizer)
    #expect(first.passedOver.isEmpty && first.goodTheSecondTime.map(\.index) == [4])
    #expect(output.bytes == (try image(SyntheticSource(count: 10), sample: 4)).bytes)
    let second = try images.write(sample: 4, epoch: 0, into: output, using: &resizer)
    #expect(second.passedOver.isEmpty && second.goodTheSecondTime.isEmpty)
  }

  @Test(arguments: [true, false]) func imagesThatAskForATurnAreCountedWhereTheyAreNotTurned(turns: Bool) throws {
    let folder = try ScratchFolder()
    try folder.copyFixture("asks_for_turn.jpg", to: "a.jpg")
    let source = try openSource(at: folder.path, options: DecodingOptions(turnsUpright: turns))
    for augmentation in [Augmentation(), .none] {
      let images = try AugmentedImages(source: source, shape: shape, augmentation: augmentation, seed: 1)
      var resizer = Resizer()
      let output = PlanarImage(shape: shape)
      #expect(try images.write(sample: 0, epoch: 0, into: output, using: &resizer).asksForTurn == !turns)
    }
  }

  @Test func rangesAreChecked() throws {
    for wrong in [
      Augmentation(cropScale: 0...1), Augmentation(cropScale: 0.5...1.5), Augmentation(cropRatio: -1...1),
      Augmentation(cropRatio: 1...Double.infinity),
    ] {
      #expect(throws: DatasetError.self) { try wrong.validate() }
    }
    try Augmentation().validate()
    try Augmentation.none.validate()
  }
}
