import Compute
import Datasets
import Foundation
import Imaging
import Testing

@Suite struct NormalizationTests {
  @Test func everyValueIsThatOfTorchvision() throws {
    let expected = try Fixture.data("normalized.raw").withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    #expect(expected.count == 3 * 256)
    let image = PlanarImage(shape: ImageShape(channels: 3, height: 16, width: 16))
    for index in 0..<768 { image.pixels.base(UInt8.self)[index] = UInt8(index % 256) }
    let normalization = Normalization(mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225])
    let output = AlignedBuffer<Float>(repeating: .nan, count: 768)
    defer { extendLifetime(output) }
    normalization.apply(to: image.pixels, into: output.all)
    #expect(output.all.array.map { $0.bitPattern } == expected.map { $0.bitPattern })
  }

  /// Each kind of samples from its own range to 0 ... 1, unless another range is given.
  @Test func rangesOfSamples() {
    let shape = ImageShape(channels: 2, height: 1, width: 2)
    func normalized<Element: Sample>(_ samples: [Element], _ range: ClosedRange<Float>? = nil) -> [Float] {
      let image = PlanarImage(shape: shape, kind: Element.kind)
      for (index, sample) in samples.enumerated() { image.pixels.base(Element.self)[index] = sample }
      let output = AlignedBuffer<Float>(repeating: .nan, count: 4)
      defer { extendLifetime(output) }
      Normalization(mean: [0, 0.5], deviation: [1, 0.25], sampleRange: range)
        .apply(to: image.pixels, into: output.all)
      return output.all.array
    }
    #expect(normalized([0, 255, 0, 255] as [UInt8]) == [0, 1, -2, 2])
    #expect(normalized([0, 65535, 0, 65535] as [UInt16]) == [0, 1, -2, 2])
    #expect(normalized([0, 1, -1, 3] as [Float]) == [0, 1, -6, 10])
    #expect(normalized([100, 4196, 100, 2148] as [UInt16], 100...4196) == [0, 1, -2, 0])
    #expect(normalized([-10, 10, 0, 30] as [Float], -10...10) == [0, 1, 0, 6])
    #expect(normalized([0, 50, 100, 200] as [UInt8], 0...100) == [0, 0.5, 2, 6])
  }
}
