import Configuration
import Datasets
import Files
import Imaging
import Safetensors

/// A format that is read from files of unknown origin, and what reading one means. Whatever the bytes are, the outcome is a value
/// or a typed error: never a crash, a hang, or memory in proportion to a number in the file.
public enum FuzzTarget: String, CaseIterable, Sendable {
  case jpeg, png, webp, tiff, npy, tar, idx, cifar, safetensors, yaml

  /// Images of more pixels are refused.
  public static let pixelLimit = 1 << 20

  /// What the name of such a file is, where its kind is told by it.
  private var fileName: String {
    switch self {
    case .cifar: "data_batch_1.bin"
    case .tar: "shard.tar"
    case .npy: "array.npy"
    case .idx: "train-images-idx3-ubyte"
    default: "file"
    }
  }

  /// Reads `bytes` as a file of this format, all of it.
  ///
  /// - Parameter folder: where a file may be written for what is read from a path.
  public func read(_ bytes: [UInt8], folder: String) {
    switch self {
    case .jpeg, .png, .webp, .tiff: readImage(bytes)
    case .npy:
      readImage(bytes)
      readSource(bytes, folder)
    case .tar, .idx, .cifar: readSource(bytes, folder)
    case .safetensors: readTensors(bytes, folder)
    case .yaml: _ = try? FuzzedSection.decode(yaml: String(decoding: bytes, as: UTF8.self))
    }
  }

  private func readImage(_ bytes: [UInt8]) {
    let options = DecodingOptions(pixelLimit: Self.pixelLimit)
    if let image = try? decodeImage(bytes, name: "fuzzed", options: options) { requireWithinLimit(image) }
    for isFast in [false, true] {
      let request = CropRequest(outputWidth: 8, outputHeight: 8, isFast: isFast) { width, height in
        PixelRectangle(left: width / 3, top: height / 3, width: width - width / 3, height: (height + 1) / 2)
      }
      var upright = options
      upright.turnsUpright = !isFast
      if let part = try? decodeImage(bytes, name: "fuzzed", options: upright, request) {
        requireWithinLimit(part.image)
      }
    }
  }

  private func requireWithinLimit(_ image: Image) {
    precondition(image.width * image.height <= Self.pixelLimit, "an image larger than the limit")
  }

  private func readSource(_ bytes: [UInt8], _ folder: String) {
    let path = write(bytes, folder)
    guard let source = try? openSource(at: path, options: DecodingOptions(pixelLimit: Self.pixelLimit)) else { return }
    _ = source.identity()
    for index in 0..<min(source.count, 16) {
      _ = (source.name(of: index), source.label(of: index))
      if let image = try? source.image(at: index) { requireWithinLimit(image) }
    }
  }

  private func readTensors(_ bytes: [UInt8], _ folder: String) {
    guard let file = try? SafetensorsFile(path: write(bytes, folder)) else { return }
    for tensor in file.tensors {
      var sum: UInt8 = 0
      file.withBytes(of: tensor) { for byte in $0 { sum &+= byte } }
      _ = sum
      _ = try? file.floats(of: tensor.name)
    }
  }

  private func write(_ bytes: [UInt8], _ folder: String) -> String {
    let path = "\(folder)/\(fileName)"
    do throws(FileError) {
      try replaceFile(path, with: bytes)
    } catch {
      preconditionFailure("\(error)")
    }
    return path
  }
}

/// A configuration with keys of every kind.
private struct FuzzedSection: ConfigurationSection {
  var width = 8
  var rate = 0.5
  var name = ""
  var means = [0.5]
  var limit: Int?
  var inner = FuzzedInnerSection()
  static let keys: [ConfigurationKey<Self>] = [
    .value("width", \.width, "a whole number", .atLeast(1)), .value("rate", \.rate, "a number", .within(0...1)),
    .value("name", \.name, "text"), .value("means", \.means, "a list", .each(.above(0))),
    .optional("limit", \.limit, "a number or null"), .section("inner", \.inner, "a section"),
  ]
}

private struct FuzzedInnerSection: ConfigurationSection {
  var isOn = false
  static let keys: [ConfigurationKey<Self>] = [.value("is_on", \.isOn, "true or false")]
}
