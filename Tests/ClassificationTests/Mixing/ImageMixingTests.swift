import Compute
import Foundation
import Imaging
import Testing

@testable import Classification

@Suite struct ImageMixingTests {
  /// What timm made of the same images, labels and draws.
  struct Fixture: Decodable {
    struct Case: Decodable {
      let smoothing: Double
      let weight: Double
      /// Down and across.
      let center: [Int]?
      let labels: [Int]
      let images: [[Float]]
      let mixed: [[Float]]
      let targets: [[Float]]
    }
    let height: Int
    let width: Int
    let channels: Int
    let classes: Int
    let cases: [Case]

    init() throws {
      let url = Bundle.module.bundleURL.appendingPathComponent("Fixtures/mixing.json")
      self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: url))
    }

    func mixture(of sample: Case) -> ImageMixture {
      guard let center = sample.center else { return ImageMixture(weight: sample.weight, box: nil) }
      return ImageMixture(
        cuttingAround: (x: center[1], y: center[0]), weight: sample.weight, height: height, width: width)
    }
  }

  @Test func imagesAreMixedAsByTimm() throws {
    let fixture = try Fixture()
    for sample in fixture.cases {
      let memory = AlignedBuffer(sample.images.flatMap { $0 })
      defer { extendLifetime(memory) }
      let images = memory.all.reshaped(rows: sample.images.count, columns: sample.images[0].count)
      fixture.mixture(of: sample).apply(
        to: images, shape: ImageShape(channels: fixture.channels, height: fixture.height, width: fixture.width))
      #expect(images.flat.array == sample.mixed.flatMap { $0 })
    }
  }

  @Test func targetsAreThoseOfTimm() throws {
    let fixture = try Fixture()
    for sample in fixture.cases {
      let labels = AlignedBuffer(sample.labels)
      let memory = AlignedBuffer<Float>(repeating: 9, count: sample.labels.count * fixture.classes)
      defer {
        extendLifetime(labels)
        extendLifetime(memory)
      }
      let targets = memory.all.reshaped(rows: sample.labels.count, columns: fixture.classes)
      softTargets(
        output: targets, labels: labels.all, smoothing: sample.smoothing, mixture: fixture.mixture(of: sample))
      #expect(targets.flat.array == sample.targets.flatMap { $0 })
    }
  }

  @Test func withoutMixingAndSmoothingTheLabelIsTheTarget() {
    let labels = AlignedBuffer([2, 0, 1])
    let memory = AlignedBuffer<Float>(repeating: 9, count: 9)
    defer {
      extendLifetime(labels)
      extendLifetime(memory)
    }
    softTargets(output: memory.all.reshaped(rows: 3, columns: 3), labels: labels.all, smoothing: 0)
    #expect(memory.all.array == [0, 0, 1, 1, 0, 0, 0, 1, 0])
  }

  @Test func aMixtureBelongsToSeedEpochAndFirstSample() {
    let mixing = ImageMixing()
    func mixture(_ seed: UInt64, _ epoch: Int, _ sample: Int) -> ImageMixture {
      mixing.mixture(seed: seed, epoch: epoch, firstSample: sample, height: 32, width: 48)
    }
    #expect(mixture(1, 2, 3) == mixture(1, 2, 3))
    #expect(Set([mixture(1, 2, 3), mixture(2, 2, 3), mixture(1, 3, 3), mixture(1, 2, 4)].map(\.weight)).count == 4)
  }

  /// Of 4,000 draws the share of a choice lies within four deviations, √(p(1 − p)/n), of its probability.
  @Test func eachKindOfMixingComesAsOftenAsAsked() {
    var mixing = ImageMixing()
    mixing.probability = 0.7
    mixing.cutMixProbability = 0.25
    let mixtures = (0..<4_000).map { mixing.mixture(seed: 5, epoch: 0, firstSample: $0, height: 32, width: 32) }
    func expect(_ share: Double, of count: Int) {
      #expect(abs(Double(count) / 4_000 - share) < 4 * (share * (1 - share) / 4_000).squareRoot())
    }
    expect(0.3, of: mixtures.count { $0 == .none })
    expect(0.7 * 0.25, of: mixtures.count { $0.box != nil })
  }

  @Test func oneKindAloneIsTakenAlways() {
    var mixing = ImageMixing()
    mixing.cutMix = 0
    mixing.cutMixProbability = 1
    let blended = mixing.mixture(seed: 5, epoch: 0, firstSample: 0, height: 8, width: 8)
    #expect(blended.box == nil && blended != .none)
    (mixing.mixup, mixing.cutMix, mixing.cutMixProbability) = (0, 1, 0)
    #expect(mixing.mixture(seed: 5, epoch: 0, firstSample: 0, height: 8, width: 8).box != nil)
    mixing.cutMix = 0
    #expect(!mixing.isOn)
    #expect(mixing.mixture(seed: 5, epoch: 0, firstSample: 0, height: 8, width: 8) == .none)
  }
}
