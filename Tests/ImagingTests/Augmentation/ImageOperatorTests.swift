import Foundation
import Testing

@testable import Imaging

@Suite struct ImageOperatorTests {
  /// What Pillow made of a few images by timm's calls, all samples in one file.
  struct Operations: Decodable {
    struct Size: Decodable {
      let height: Int
      let width: Int
      let channels: Int
      var shape: ImageShape { ImageShape(channels: channels, height: height, width: width) }
    }
    struct Case: Decodable {
      let name: String
      let magnitude: Double
      let negated: Bool
      let image: Int
      let interpolation: AffineInterpolation
      /// Where the result begins.
      let offset: Int
    }
    let fill: [UInt8]
    let images: [Size]
    let cases: [Case]

    static func read() throws -> (operations: Operations, samples: [UInt8]) {
      (
        try JSONDecoder().decode(Self.self, from: Data(Fixture.bytes("operations.json"))),
        try Fixture.bytes("operations.raw")
      )
    }

    /// The images lie one after another before the results.
    func offset(ofImage index: Int) -> Int { images[..<index].reduce(0) { $0 + $1.shape.count } }
  }

  @Test func everyOperationIsPillows() throws {
    let (operations, samples) = try Operations.read()
    var op = ImageOperator()
    var changed: [String: Int] = [:]
    for sample in operations.cases {
      let shape = operations.images[sample.image].shape
      let image = PlanarBytes(channels: shape.channels, height: shape.height, width: shape.width)
      let start = operations.offset(ofImage: sample.image)
      for place in 0..<shape.count { image.view.base(UInt8.self)[place] = samples[start + place] }
      let kind = try #require(OperationKind(rawValue: sample.name))
      op.apply(
        kind.operation(magnitude: sample.magnitude, negated: sample.negated), to: image.view,
        fill: Array(operations.fill.prefix(shape.channels)), interpolation: sample.interpolation)
      let result = Array(UnsafeBufferPointer(start: image.view.base(UInt8.self), count: shape.count))
      let expected = Array(samples[sample.offset..<sample.offset + shape.count])
      #expect(
        result == expected,
        "\(sample.name) \(sample.magnitude) \(sample.negated) of image \(sample.image), \(sample.interpolation)")
      if expected != Array(samples[start..<start + shape.count]) { changed[sample.name, default: 0] += 1 }
    }
    // No operation is compared by what leaves an image as it is.
    #expect(OperationKind.allCases.allSatisfy { changed[$0.rawValue, default: 0] >= 2 })
  }

  /// Python's `round(…, 15)` of cosine and sine, where plain ones have other bits.
  @Test func theMatrixOfARotationIsPillows() {
    for (degrees, cosine, sine) in [
      (27.0, 0.891_006_524_188_368, -0.453_990_499_739_547), (-30, 0.866_025_403_784_438, 0.5),
      (13.37, 0.972_897_087_776_357, -0.231_238_527_491_168),
    ] {
      let matrix = AffineTransform.rotation(degrees: degrees, width: 0, height: 0)
      #expect(matrix.a == cosine && matrix.e == cosine && matrix.b == sine && matrix.d == -sine, "\(degrees)")
    }
  }

  /// Pillow from 13 on refuses it, older ones give black; timm asks for it at a magnitude of 10.
  @Test func noBitsAreBlack() {
    let image = PlanarBytes(channels: 1, height: 2, width: 2)
    let operation = OperationKind.posterize.operation(magnitude: 10, negated: false)
    #expect(operation == .posterize(bits: 0))
    var op = ImageOperator()
    op.apply(operation, to: image.view, fill: [0], interpolation: .bicubic)
    #expect(image.view.samples == .uint8([0, 0, 0, 0]))
  }
}
