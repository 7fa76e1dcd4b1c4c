import Foundation
import Imaging
import Testing

struct FormatCase: Decodable, CustomTestStringConvertible {
  let file: String
  let raw: String
  let width: Int
  let height: Int
  let channels: Int
  let kind: String
  let hasAlpha: Bool

  var testDescription: String { file }

  func image() throws -> Image {
    let samples: Samples =
      switch kind {
      case "uint8": .uint8(try Fixture.values(raw, of: UInt8.self))
      case "uint16": .uint16(try Fixture.values(raw, of: UInt16.self))
      default: .float32(try Fixture.values(raw, of: Float.self))
      }
    return Image(width: width, height: height, channels: channels, hasAlpha: hasAlpha, samples: samples)
  }
}

/// TIFF, WebP and NumPy files as other programs write them.
@Suite struct FormatTests {
  @Test func everyFileDecodesToWhatWasWritten() throws {
    let cases: [FormatCase] = try Fixture.cases("formats.json")
    #expect(cases.count == 27)
    for item in cases {
      let options = DecodingOptions(channels: item.channels)
      #expect(try decodeImage(at: Fixture.path(item.file), options: options) == (try item.image()), "\(item.file)")
    }
  }

  /// What is cut short is refused, or, where nothing but padding is missing, whole.
  @Test func truncatedFilesAreNeverHalfDecoded() throws {
    for item in try Fixture.cases("formats.json") as [FormatCase] {
      let bytes = try Fixture.bytes(item.file)
      let whole = try item.image()
      let options = DecodingOptions(channels: item.channels)
      for length in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 100)) {
        do throws(ImagingError) {
          let image = try decodeImage(Array(bytes.prefix(length)), name: item.file, options: options)
          #expect(image == whole, "\(item.file) cut to \(length) bytes")
        } catch {
          #expect(!error.description.isEmpty)
        }
      }
    }
  }

  /// Each file with bytes changed at random, 2000 of each kind: an image or a sentence, never a crash, and never more
  /// memory than the limit of pixels allows.
  @Test(arguments: [".tif", ".webp", ".npy", ".png", ".jpg"]) func damagedFilesDoNoHarm(ending: String) throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Fixture.path("")).filter { $0.hasSuffix(ending) }
      .sorted()
    var random = SeededGenerator(seed: 20_261_128)
    for number in 0..<2000 {
      var bytes = try Fixture.bytes(files[number % files.count])
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        // Most of what can be asked for stands in the first bytes.
        let limit = Bool.random(using: &random) ? min(bytes.count, 256) : bytes.count
        bytes[Int.random(in: 0..<limit, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      let options = DecodingOptions(pixelLimit: 100_000)
      if let image = try? decodeImage(bytes, name: "damaged", options: options) {
        #expect(image.width * image.height <= 100_000)
      }
    }
  }

  @Test func sentencesSayWhatIsWrong() throws {
    func sentence(_ file: String, _ options: DecodingOptions = DecodingOptions()) throws -> String {
      let error = #expect(throws: ImagingError.self) { try decodeImage(at: Fixture.path(file), options: options) }
      return error?.description.replacing(Fixture.path(file), with: "FILE") ?? ""
    }
    #expect(try sentence("animation.webp") == "cannot decode FILE as WebP: it is an animation")
    let limit = DecodingOptions(pixelLimit: 100)
    for file in ["tiff_bands.tif", "lossy.webp", "bands.npy"] {
      #expect(try sentence(file, limit).hasPrefix("FILE is too large: "), "\(file)")
    }
  }
}

/// SplitMix64, so that a test's random choices are the same every time.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
