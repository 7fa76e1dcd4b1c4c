import Foundation
import Imaging
import Testing

struct DecodeCase: Decodable {
  let file: String
  let raw: String
  let width: Int
  let height: Int
  let channels: Int
  let kind: String

  func image() throws -> Image {
    let samples: Samples =
      kind == "uint16"
      ? .uint16(try Fixture.values(raw, of: UInt16.self)) : .uint8(try Fixture.values(raw, of: UInt8.self))
    return Image(width: width, height: height, channels: channels, samples: samples)
  }
}

@Suite struct DecodeImageTests {
  @Test func everyKindDecodesAsPillowDecodesIt() throws {
    let cases: [DecodeCase] = try Fixture.cases("decode.json")
    #expect(cases.count == 16)
    for item in cases {
      let image = try decodeImage(at: Fixture.path(item.file))
      #expect(image == (try item.image()), "\(item.file)")
    }
  }

  @Test func kindComesFromContentNotName() throws {
    let folder = try ScratchFolder()
    let path = folder.path + "/photo.png"
    try FileManager.default.copyItem(atPath: Fixture.path("baseline_444.jpg"), toPath: path)
    #expect(try decodeImage(at: path) == decodeImage(at: Fixture.path("baseline_444.jpg")))
  }

  /// Cut at any length, a file of any kind must be refused, never half-decoded. A PNG is taken once its pixels are all
  /// there with their checksum: what may be missing is the last chunk.
  @Test(arguments: [
    "baseline_420.jpg", "progressive.jpg", "restarts.jpg", "grey.jpg", "cmyk.jpg", "rgb.png", "interlaced.png",
    "palette.png", "one_bit.png",
  ])
  func truncatedFilesAreRefused(file: String) throws {
    let bytes = try Fixture.bytes(file)
    let whole = try decodeImage(bytes, name: file)
    // The last chunk, which holds nothing, has 12 bytes.
    let taken = file.hasSuffix(".png") ? bytes.count - 12 : bytes.count
    for length in 0..<taken {
      #expect(throws: ImagingError.self, "\(file) cut to \(length) bytes") {
        try decodeImage(Array(bytes.prefix(length)), name: file)
      }
    }
    for length in taken..<bytes.count {
      #expect(try decodeImage(Array(bytes.prefix(length)), name: file) == whole, "\(file) cut to \(length) bytes")
    }
  }

  @Test func damagedPNGIsRefusedAtEveryByteOfItsPixels() throws {
    let bytes = try Fixture.bytes("rgb.png")
    let start = try #require(bytes.firstRange(of: Array("IDAT".utf8))).lowerBound
    for position in start..<bytes.count - 12 {
      var damaged = bytes
      damaged[position] ^= 0x10
      #expect(throws: ImagingError.self, "byte \(position)") { try decodeImage(damaged, name: "damaged") }
    }
  }

  @Test func errorsNameTheFileAndTheReason() throws {
    let bytes = try Fixture.bytes("baseline_420.jpg")
    let error = #expect(throws: ImagingError.self) {
      try decodeImage(Array(bytes.prefix(bytes.count / 2)), name: "photos/cut.jpg")
    }
    #expect(error?.description == "cannot decode photos/cut.jpg as JPEG: Premature end of JPEG file")

    #expect(throws: ImagingError.unreadable(path: "/no/such.jpg", reason: "No such file or directory")) {
      try decodeImage(at: "/no/such.jpg")
    }
    #expect(throws: ImagingError.unreadable(path: "/", reason: "Is a directory")) { try decodeImage(at: "/") }

    let gif = #expect(throws: ImagingError.self) { try decodeImage(Array("GIF89a".utf8), name: "a.jpg") }
    #expect(
      gif?.description
        == "cannot decode a.jpg: it is neither JPEG, PNG, WebP, TIFF nor NumPy, for it begins with the bytes 47 49 46 38 39 61"
    )
    #expect(throws: ImagingError.unknownKind(name: "empty", firstBytes: [])) { try decodeImage([], name: "empty") }
  }

  /// The header of an image of 65 000 × 65 000 pixels, in a file of a few bytes.
  @Test func sizeIsCheckedBeforeMemoryIsTaken() throws {
    var jpeg = try Fixture.bytes("baseline_420.jpg")
    let frame = try #require(jpeg.firstRange(of: [0xFF, 0xC0, 0x00, 0x11])).lowerBound
    jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0xFD, 0xE8, 0xFD, 0xE8])
    #expect(
      throws: ImagingError.tooLarge(name: "huge", width: 65000, height: 65000, pixelLimit: defaultPixelLimit)
    ) {
      try decodeImage(jpeg, name: "huge")
    }
    #expect(throws: ImagingError.tooLarge(name: "rgb", width: 37, height: 29, pixelLimit: 37 * 29 - 1)) {
      try decodeImage(Fixture.bytes("rgb.png"), name: "rgb", options: DecodingOptions(pixelLimit: 37 * 29 - 1))
    }
    #expect(
      try decodeImage(Fixture.bytes("rgb.png"), name: "rgb", options: DecodingOptions(pixelLimit: 37 * 29)).width == 37)
  }
}
