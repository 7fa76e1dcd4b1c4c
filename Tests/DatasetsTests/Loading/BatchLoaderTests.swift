import Datasets
import Foundation
import Imaging
import Testing

@Suite struct BatchLoaderTests {
  private let shape = ImageShape(channels: 3, height: 8, width: 8)

  private func images(_ source: any ImageSource) throws -> AugmentedImages {
    try AugmentedImages(source: source, shape: shape, augmentation: Augmentation(), seed: 77)
  }

  private struct LoadedImage: Equatable {
    let step: Int
    let epoch: Int
    let sample: Int
    let bytes: [UInt8]
  }

  /// All images of the given steps, and the bad samples.
  private func load(
    _ source: any ImageSource, part: Range<Int> = 0..<6, steps: Range<Int>, threads: Int
  ) throws -> (images: [LoadedImage], bad: [BadSample]) {
    let loader = try BatchLoader(images: images(source), batchSize: 6, part: part, steps: steps, threads: threads)
    var images: [LoadedImage] = []
    var bad: [BadSample] = []
    for _ in steps {
      let batch = try loader.next()
      for index in 0..<batch.count {
        images.append(
          LoadedImage(
            step: batch.step, epoch: batch.epoch, sample: batch.samples[index], bytes: batch.pixels(of: index).bytes))
      }
      bad += batch.badSamples
    }
    return (images, bad)
  }

  /// What the steps contain, image by image and without a loader.
  private func reference(_ source: any ImageSource, steps: Range<Int>) throws -> [LoadedImage] {
    let images = try images(source)
    var resizer = Resizer()
    let output = PlanarImage(shape: shape)
    var loaded: [LoadedImage] = []
    for step in steps {
      let stepsPerEpoch = source.count / 6
      let epoch = step / stepsPerEpoch
      let order = EpochOrder(count: source.count, seed: 77, epoch: epoch)
      for index in 0..<6 {
        let sample = order[step % stepsPerEpoch * 6 + index]
        _ = try images.write(sample: sample, epoch: epoch, into: output, using: &resizer)
        loaded.append(LoadedImage(step: step, epoch: epoch, sample: sample, bytes: output.bytes))
      }
    }
    return loaded
  }

  @Test(arguments: [1, 2, 5]) func stepsAreTheSameWithAnyNumberOfThreads(threads: Int) throws {
    let source = SyntheticSource(count: 40)
    let expected = try reference(source, steps: 0..<20)
    #expect(try load(source, steps: 0..<20, threads: threads).images == expected)
  }

  @Test func startsAtAnyStep() throws {
    let source = SyntheticSource(count: 40)
    #expect(try load(source, steps: 9..<17, threads: 2).images == reference(source, steps: 9..<17))
  }

  @Test func partsOfProcessesMakeUpTheGlobalBatch() throws {
    let source = SyntheticSource(count: 40, bad: [3, 4, 30])
    let whole = try load(source, steps: 4..<13, threads: 2)
    for parts in [[0..<3, 3..<6], [0..<1, 1..<2, 2..<6]] {
      let loaded = try parts.map { try load(source, part: $0, steps: 4..<13, threads: 2) }
      var joined: [LoadedImage] = []
      for step in 4..<13 {
        for part in loaded { joined += part.images.filter { $0.step == step } }
      }
      #expect(joined == whole.images)
      #expect(loaded.reduce(0) { $0 + $1.bad.count } == whole.bad.count)
    }
  }

  @Test func badSamplesComeInTheOrderOfTheBatch() throws {
    // Of neighbours in a batch, the later is often ready first.
    let source = SyntheticSource(count: 12, bad: [1, 5, 6, 10]) { index in Double(index * 5 % 12) * 0.001 }
    let one = try load(source, steps: 0..<10, threads: 1)
    #expect(try load(source, steps: 0..<10, threads: 4).bad == one.bad)
    // Each epoch takes every sample once; 5 passes over two, and 6 is passed over twice.
    #expect(one.bad.filter { $0.index == 6 }.count == 10)
    #expect(Set(one.bad.map { $0.index }) == [1, 5, 6, 10])
  }

  /// The label is that of the image that is seen, not of the one that could not be.
  @Test func aStandInBringsItsOwnLabel() throws {
    let source = SyntheticSource(count: 12, bad: [1, 5, 6, 11])
    let loader = try BatchLoader(images: images(source), batchSize: 6, part: 0..<6, steps: 0..<4, threads: 2)
    defer { loader.stop() }
    for _ in 0..<4 {
      let batch = try loader.next()
      let expected = batch.samples.map { [1: 2, 5: 7, 6: 7, 11: 0][$0] ?? $0 }
      #expect(batch.labels == expected)
    }
  }

  @Test func aStepWithoutAnyImageThrows() throws {
    let source = SyntheticSource(count: 6, bad: Set(0..<6))
    let loader = try BatchLoader(images: images(source), batchSize: 6, part: 0..<6, steps: 0..<5, threads: 2)
    #expect(throws: DatasetError.self) { _ = try loader.next().count }
    loader.stop()
    #expect(throws: DatasetError.smallerThanBatch(sampleCount: 6, batchSize: 7)) {
      _ = try BatchLoader(images: images(source), batchSize: 7, part: 0..<7, steps: 0..<5, threads: 2)
    }
  }

  /// A batch that is held stays as it is while threads fill all that is free.
  @Test func aHeldBatchIsNotOverwritten() throws {
    let source = SyntheticSource(count: 40)
    let expected = try reference(source, steps: 0..<3)
    let loader = try BatchLoader(
      images: images(source), batchSize: 6, part: 0..<6, steps: 0..<100, threads: 2, slots: 2)
    let held = try loader.next()
    do {
      let other = try loader.next()
      #expect((0..<6).map { other.pixels(of: $0).bytes } == expected[6..<12].map { $0.bytes })
    }
    // Step 2 comes next and belongs where `held` is. This is time for a thread to write there that does not wait.
    Thread.sleep(forTimeInterval: 0.1)
    #expect((0..<6).map { held.pixels(of: $0).bytes } == expected[0..<6].map { $0.bytes })
  }

  @Test func memoryGoesRoundAndIsAligned() throws {
    let loader = try BatchLoader(
      images: images(SyntheticSource(count: 40)), batchSize: 6, part: 2..<6, steps: 0..<30, threads: 2, slots: 3)
    var addresses: Set<UInt> = []
    for _ in 0..<30 {
      let batch = try loader.next()
      for index in 0..<4 {
        let address = UInt(bitPattern: batch.pixels(of: index).memory)
        #expect(address % 64 == 0)
        addresses.insert(address)
      }
    }
    #expect(addresses.count == 3 * 4)
  }

  @Test func theWaitIsReported() throws {
    let slow = SyntheticSource(count: 12) { _ in 0.02 }
    let loader = try BatchLoader(images: images(slow), batchSize: 6, part: 0..<6, steps: 0..<2, threads: 1)
    let waited = try loader.next().waitSeconds
    // One thread, six images of 20 ms each; the start of the thread may have taken some of it off.
    #expect(waited > 0.06 && waited < 60)
  }

  /// In the middle of work: threads that decode, threads that wait for room, a batch held. When `stop` has returned, no
  /// thread keeps the source alive.
  @Test(arguments: [1, 4]) func stopLeavesNoThread(threads: Int) throws {
    weak var source: SyntheticSource?
    do {
      let strong = SyntheticSource(count: 40) { _ in 0.001 }
      source = strong
      let loader = try BatchLoader(
        images: images(strong), batchSize: 6, part: 0..<6, steps: 0..<1000, threads: threads)
      let batch = try loader.next()
      loader.stop()
      loader.stop()
      #expect(batch.count == 6)
    }
    #expect(source == nil)
  }
}
