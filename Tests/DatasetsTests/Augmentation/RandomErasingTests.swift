import Compute
import Foundation
import Imaging
import Testing

@testable import Datasets

@Suite struct RandomErasingTests {
  /// What timm erased, and all that it drew.
  struct Case: Decodable {
    let channels: Int
    let height: Int
    let width: Int
    /// Of each attempt the share of the area and the logarithm of the ratio.
    let drawn: [Double]
    /// Down and across, or nothing where no attempt fits.
    let place: [Int]
    let noise: [Float]
    let erased: [Float]

    var shape: ImageShape { ImageShape(channels: channels, height: height, width: width) }
  }

  @Test func sizesAndNoiseLieWhereTimmPutsThem() throws {
    let cases: [Case] = try Fixture.cases("erasing.json")
    for sample in cases {
      let sizes = stride(from: 0, to: sample.drawn.count, by: 2).map { attempt in
        RandomErasing.size(
          ofArea: sample.drawn[attempt], ratio: Elementary.exp(sample.drawn[attempt + 1]),
          of: (sample.height, sample.width))
      }
      // timm stops at the first that fits.
      #expect(sizes.dropLast().allSatisfy { $0 == nil })
      #expect((sizes.last! == nil) == sample.place.isEmpty)
      let memory = AlignedBuffer((0..<sample.shape.count).map { Float($0) })
      defer { extendLifetime(memory) }
      if let size = sizes.last!, sample.place.count == 2 {
        let box = PixelRectangle(left: sample.place[1], top: sample.place[0], width: size.width, height: size.height)
        var noise = (0..<sample.channels).flatMap { channel in
          (0..<size.height).flatMap { row in
            let start = (channel * sample.height + row) * sample.width
            return sample.noise[start..<start + size.width]
          }
        }.makeIterator()
        RandomErasing.fill(box, of: memory.all, sample.shape) { noise.next()! }
        #expect(noise.next() == nil)
      }
      #expect(memory.all.array == sample.erased)
    }
    #expect(cases.contains { $0.place.isEmpty } && cases.contains { $0.drawn.count > 2 && !$0.place.isEmpty })
  }

  @Test func whatIsErasedBelongsToSeedEpochAndSample() {
    let shape = ImageShape(channels: 2, height: 16, width: 24)
    var erasing = RandomErasing()
    erasing.probability = 1
    func erased(_ seed: UInt64, _ epoch: Int, _ sample: Int) -> [Float] {
      let memory = AlignedBuffer<Float>(repeating: 100, count: shape.count)
      defer { extendLifetime(memory) }
      erasing.apply(to: memory.all, shape: shape, seed: seed, epoch: epoch, sample: sample)
      return memory.all.array
    }
    #expect(erased(1, 2, 3) == erased(1, 2, 3))
    #expect(Set([erased(1, 2, 3), erased(2, 2, 3), erased(1, 3, 3), erased(1, 2, 4)]).count == 4)
    // In each channel the same rectangle.
    let planes = erased(1, 2, 3).map { $0 != 100 }
    #expect(planes.prefix(384).contains(true) && Array(planes.prefix(384)) == Array(planes.suffix(384)))
  }

  /// Of 4,000 images the erased ones' share lies within four deviations, √(p(1 − p)/n), of the probability.
  @Test func imagesAreErasedAsOftenAsAsked() {
    let shape = ImageShape(channels: 1, height: 16, width: 16)
    let memory = AlignedBuffer<Float>(repeating: 100, count: shape.count)
    defer { extendLifetime(memory) }
    var count = 0
    for sample in 0..<4_000 {
      memory.all.base.update(repeating: 100, count: shape.count)
      RandomErasing().apply(to: memory.all, shape: shape, seed: 7, epoch: 0, sample: sample)
      if memory.all.array.contains(where: { $0 != 100 }) { count += 1 }
    }
    #expect(abs(Double(count) / 4_000 - 0.25) < 4 * (0.25 * 0.75 / 4_000).squareRoot())
  }
}
