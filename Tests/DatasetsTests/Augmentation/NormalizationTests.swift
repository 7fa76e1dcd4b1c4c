import Compute
import Datasets
import Foundation
import Imaging
import Testing

@Suite struct NormalizationTests {
  @Test func everyValueIsThatOfTorchvision() throws {
    let expected = try Fixture.data("normalized.raw").withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    #expect(expected.count == 3 * 256)
    let image = PlanarBytes(ImageShape(channels: 3, height: 16, width: 16))
    for index in 0..<768 { image.view.base[index] = UInt8(index % 256) }
    let normalization = Normalization(mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225])
    let output = AlignedBuffer<Float>(count: 768, zero: .nan)
    normalization.apply(to: image.view, into: output.all)
    #expect(output.all.array.map { $0.bitPattern } == expected.map { $0.bitPattern })
  }
}
