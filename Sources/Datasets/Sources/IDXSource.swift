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

  /// Opens the images at `path` (or in it, where it is a folder of the file's name), and the labels beside them: the same name with `labels-idx1` for
  /// `images-idx3` (or `labels.idx1` for `images.idx3`, as some programs unpack them), gzip or not.
  public init(imagesPath path: String) throws(DatasetError) {
    let imagesPath = Self.insideOwnFolder(path)
    let images = try IDXFile(path: imagesPath, rank: 3)
    self.imagesPath = imagesPath
    (count, height, width) = (images.dimensions[0], images.dimensions[1], images.dimensions[2])
    pixels = images.bytes
    labelsPath = Self.labelsFile(beside: path)
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

  private static func unpackedName(_ name: String) -> String {
    name.hasSuffix(".gz") ? String(name.dropLast(3)) : name
  }

  /// The same name with dashes where some programs leave dots.
  private static func plainName(_ name: String) -> String {
    let unpacked = unpackedName(name)
    for kind in ["images.idx3-ubyte", "labels.idx1-ubyte"] where unpacked.hasSuffix(kind) {
      return unpacked.dropLast(kind.count) + kind.prefix(6) + "-" + kind.dropFirst(7)
    }
    return unpacked
  }

  private static let imagesSuffix = "images-idx3-ubyte"

  private static func labelsFile(beside imagesPath: String) -> String? {
    guard plainName(imagesPath).hasSuffix(imagesSuffix) else { return nil }
    let stem = unpackedName(imagesPath).dropLast(imagesSuffix.count)
    let endings = ["labels-idx1-ubyte", "labels-idx1-ubyte.gz", "labels.idx1-ubyte", "labels.idx1-ubyte.gz"]
    return endings.map { insideOwnFolder(stem + $0) }.first { (try? fileKindFollowingLinks($0)) == .regular }
  }

  /// The file of a folder that has the name of the file, as some downloads unpack to; else the path itself.
  private static func insideOwnFolder(_ path: String) -> String {
    guard (try? fileKindFollowingLinks(path)) == .directory, let slash = path.lastIndex(of: "/") else { return path }
    let name = path[slash...].dropFirst()
    return (try? listDirectory(path))?.contains(String(name)) == true ? "\(path)/\(name)" : path
  }
}

extension IDXSource: SourceFormat {
  static func open(_ place: SourcePlace, _ options: DecodingOptions) throws(DatasetError) -> (any ImageSource)? {
    if place.isFolder {
      return try imagesFile(in: place).map { (path) throws(DatasetError) in try Self(imagesPath: path) }
    }
    return place.firstBytes.starts(with: [0, 0, 8]) ? try Self(imagesPath: place.path) : nil
  }

  /// The file of images in a folder, if it holds any: the training part where there are several, unpacked before packed.
  private static func imagesFile(in place: SourcePlace) throws(DatasetError) -> String? {
    let names = place.names.filter { plainName($0).hasSuffix(imagesSuffix) }
    let training = names.filter { plainName($0).hasSuffix("train-\(imagesSuffix)") }
    let candidates = training.isEmpty ? names : training
    guard let first = candidates.first else {
      if let colored = place.names.first(where: { unpackedName($0).hasSuffix("idx4-ubyte") }) {
        throw .notADataset(
          path: place.path(of: colored),
          reason: "IDX is read with one channel (three dimensions); save it as .npy of [N, H, W, C], which is read too")
      }
      return nil
    }
    guard candidates.allSatisfy({ plainName($0) == plainName(first) }) else {
      throw .notADataset(
        path: place.path, reason: "it holds several data sets, give one of them: \(candidates.joined(separator: ", "))")
    }
    return place.path(of: first)
  }
}
