import Foundation
import Imaging
import Testing

/// Decoding a part of an image only.
@Suite struct CropRequestTests {
  /// A repeatable choice of parts, at the edges too.
  private func crops(width: Int, height: Int) -> [PixelRectangle] {
    var generator = SeededGenerator(seed: 9)
    var crops = [
      PixelRectangle(left: 0, top: 0, width: width, height: height),
      PixelRectangle(left: width - 1, top: height - 1, width: 1, height: 1),
      PixelRectangle(left: 0, top: 0, width: 1, height: height),
    ]
    for _ in 0..<60 {
      let (cropWidth, cropHeight) = (
        Int.random(in: 1...width, using: &generator), Int.random(in: 1...height, using: &generator)
      )
      crops.append(
        PixelRectangle(
          left: Int.random(in: 0...width - cropWidth, using: &generator),
          top: Int.random(in: 0...height - cropHeight, using: &generator), width: cropWidth, height: cropHeight))
    }
    return crops
  }

  /// Each part, resized, has the bytes that it has when all of the image was decoded: with colours halved both ways, one way
  /// and not at all, grey, progressive, with restarts, and as CMYK, of which no part can be cut out.
  @Test(arguments: [
    "baseline_420.jpg", "baseline_444.jpg", "baseline_422.jpg", "baseline_440.jpg", "progressive.jpg", "restarts.jpg",
    "grey.jpg", "cmyk.jpg", "rgb.png", "lossy.webp", "photograph.jpg",
  ]) func aPartHasTheBytesOfTheWhole(file: String) throws {
    let bytes = try Fixture.bytes(file)
    let whole = try decodeImage(bytes, name: file)
    var resizer = Resizer()
    let shape = ImageShape(channels: whole.channels, height: 7, width: 9)
    let (expected, found) = (PlanarImage(shape: shape), PlanarImage(shape: shape))
    for crop in crops(width: whole.width, height: whole.height) {
      let request = CropRequest(outputWidth: 9, outputHeight: 7) { width, height in
        #expect((width, height) == (whole.width, whole.height))
        return crop
      }
      let part = try decodeImage(bytes, name: file, options: DecodingOptions(), request)
      resizer.resizedCrop(whole, crop: crop, into: expected.pixels)
      resizer.resizedCrop(part.image, crop: part.crop, into: found.pixels)
      #expect(found.pixels.samples == expected.pixels.samples, "\(file): \(crop)")
    }
  }

  /// Damage below the part is damage, unless the request is a fast one, which does not look there.
  @Test func aCutFileIsRefusedWhateverPartIsWanted() throws {
    let bytes = try Fixture.bytes("photograph.jpg")
    let top = { (fast: Bool) in
      CropRequest(outputWidth: 8, outputHeight: 8, isFast: fast) { width, _ in
        PixelRectangle(left: 0, top: 0, width: width, height: 16)
      }
    }
    for length in [bytes.count / 2, bytes.count - 100, bytes.count - 2] {
      let cut = Array(bytes.prefix(length))
      #expect(throws: ImagingError.self) { try decodeImage(cut, name: "cut", options: DecodingOptions(), top(false)) }
      _ = try decodeImage(cut, name: "cut", options: DecodingOptions(), top(true))
    }
    #expect(throws: ImagingError.self) {
      try decodeImage(Array(bytes.prefix(800)), name: "cut", options: DecodingOptions(), top(true))
    }
  }

  /// A fast crop is Pillow's of a file that it was told to decode smaller (`draft`), in every bit, and not the exact one.
  @Test(arguments: [2, 4, 8]) func aFastCropIsPillowsOfADraft(reduction: Int) throws {
    let bytes = try Fixture.bytes("photograph.jpg")
    let side = 80 / reduction
    let expected = try Fixture.bytes("photograph_fast_\(reduction).raw")
    let count = 3 * side * side
    #expect(expected.count == 4 * count)
    var resizer = Resizer()
    let output = PlanarImage(shape: ImageShape(channels: 3, height: side, width: side))
    for (index, (left, top)) in [(0, 0), (37, 20), (101, 60), (297, 203)].enumerated() {
      for isFast in [true, false] {
        let request = CropRequest(outputWidth: side, outputHeight: side, isFast: isFast) { _, _ in
          PixelRectangle(left: left, top: top, width: 101, height: 97)
        }
        let part = try decodeImage(bytes, name: "photograph", options: DecodingOptions(), request)
        #expect(part.image.width == (isFast ? (left + 101 + reduction - 1) / reduction - left / reduction : 101))
        resizer.resizedCrop(part.image, crop: part.crop, into: output.pixels)
        #expect(
          (output.bytes == Array(expected[index * count..<(index + 1) * count])) == isFast, "\(reduction), \(left)")
      }
    }
  }

  /// A file of a few kilobytes that asks for a thousand passes is refused by its header, before memory is taken.
  @Test func tooManyScansAreRefused() throws {
    let bytes = try Fixture.bytes("progressive.jpg")
    // The last scan and the end of the file.
    let last = bytes.indices.dropLast().last { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xDA }!
    let scan = Array(bytes[last..<bytes.count - 2])
    let refused = Array(bytes.dropLast(2)) + Array(repeating: scan, count: 200).joined() + bytes.suffix(2)
    let error = #expect(throws: ImagingError.self) { try decodeImage(refused, name: "scans") }
    #expect(error?.description == "cannot decode scans as JPEG: it has more than 100 scans")
  }
}

extension PlanarImage {
  fileprivate var bytes: [UInt8] {
    guard case .uint8(let bytes) = pixels.samples else { return [] }
    return bytes
  }
}
