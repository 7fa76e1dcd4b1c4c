import Files
import Imaging

/// Grey images of one size in one IDX file, as MNIST and its relatives are kept, with labels in another beside it. All
/// of it is held in memory.
public struct IDXSource: ImageSource {
  public let kind = "an IDX file"
  public let count: Int
  public let classNames: [String]
  /// The file of the images, and that of the labels if there is one.
  public let imagesPath: String
  public let labelsPath: String?
  private let height: Int
  private let width: Int
  private let pixels: [UInt8]
  private let labels: [UInt8]

  public var shape: ImageShape? { ImageShape(channels: 1, height: height, width: width) }

  /// Opens the images at `imagesPath`, and the labels beside them: the same name with `labels-idx1` for
  /// `images-idx3`, gzip or not.
  public init(imagesPath: String) throws(DatasetError) {
    let images = try IDXFile(path: imagesPath, rank: 3)
    self.imagesPath = imagesPath
    (count, height, width) = (images.dimensions[0], images.dimensions[1], images.dimensions[2])
    pixels = images.bytes
    labelsPath = Self.labelsFile(beside: imagesPath)
    if let labelsPath {
      let file = try IDXFile(path: labelsPath, rank: 1)
      guard file.bytes.count == count else {
        throw .corrupt(
          path: labelsPath, reason: "it has \(file.bytes.count) labels for the \(count) images of \(imagesPath)")
      }
      labels = file.bytes
    } else {
      labels = []
    }
    classNames = labels.max().map { (0...Int($0)).map(String.init) } ?? []
  }

  /// All pixels and labels, which are in memory.
  public func identity() -> DataIdentity {
    DataIdentity(count: count) { hash in
      hash.update(UInt64(height))
      hash.update(UInt64(width))
      pixels.withUnsafeBytes { hash.update($0) }
      labels.withUnsafeBytes { hash.update($0) }
    }
  }

  public func name(of index: Int) -> String { "\(escaped(imagesPath))#\(index)" }

  public func label(of index: Int) -> Int? { labels.isEmpty ? nil : Int(labels[index]) }

  public func image(at index: Int) throws(DatasetError) -> Image {
    let byteCount = height * width
    return Image(
      width: width, height: height, channels: 1, pixels: Array(pixels[index * byteCount..<(index + 1) * byteCount]))
  }

  /// The file of images in `folder`, if it holds any: the training part where there are several, unpacked
  /// before packed.
  static func imagesFile(inFolder folder: String) throws(DatasetError) -> String? {
    let names = try listFolder(folder).filter { unpackedName($0).hasSuffix(imagesSuffix) }.sorted()
    let training = names.filter { $0.contains("train-\(imagesSuffix)") }
    let candidates = training.isEmpty ? names : training
    guard let first = candidates.first else { return nil }
    guard candidates.allSatisfy({ unpackedName($0) == unpackedName(first) }) else {
      throw .notADataset(
        path: folder, reason: "it holds several data sets, give one of them: \(candidates.joined(separator: ", "))")
    }
    return "\(folder)/\(first)"
  }

  private static let imagesSuffix = "images-idx3-ubyte"

  private static func unpackedName(_ name: String) -> String {
    name.hasSuffix(".gz") ? String(name.dropLast(3)) : name
  }

  private static func labelsFile(beside imagesPath: String) -> String? {
    let unpacked = unpackedName(imagesPath)
    guard unpacked.hasSuffix(imagesSuffix) else { return nil }
    let labels = unpacked.dropLast(imagesSuffix.count) + "labels-idx1-ubyte"
    return ["\(labels)", "\(labels).gz"].first { (try? fileKindFollowingLinks($0)) == .regular }
  }
}
