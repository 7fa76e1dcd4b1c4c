import Files
import Hashing
import Imaging

/// CIFAR-10 and CIFAR-100 in their binary form: for each image its label (of CIFAR-100 the coarse one and the fine one)
/// and 3072 bytes, red, green and blue planes of 32 × 32 (Krizhevsky, "Learning multiple layers of features from tiny
/// images", 2009).
public struct CIFARSource: ImageSource {
  public let kind: String
  public let count: Int
  public let classNames: [String]
  public var shape: ImageShape? { ImageShape(channels: 3, height: 32, width: 32) }
  private let files: [RandomAccessFile]
  /// Of each file.
  private let counts: [Int]
  private let labelBytes: Int
  private let labels: [UInt8]
  private let contentHash: String

  private static let pixelBytes = 3 * 32 * 32

  /// - Parameters:
  ///   - paths: files whose images come one after another.
  ///   - labelBytes: 1 (CIFAR-10) or 2 (CIFAR-100, whose fine labels are taken).
  ///   - names: of the classes; numbers where there are none.
  init(paths: [String], labelBytes: Int, names: [String]) throws(DatasetError) {
    var (files, counts, labels) = ([RandomAccessFile](), [Int](), [UInt8]())
    let record = labelBytes + Self.pixelBytes
    let hash = ContentHash()
    for path in paths {
      let file = try RandomAccessFile(path: path)
      guard file.size > 0, file.size.isMultiple(of: record) else {
        throw .corrupt(path: path, reason: "its \(file.size) bytes are no whole number of images of \(record) bytes")
      }
      let content = try file.read(0..<file.size)
      content.withUnsafeBytes { hash.update($0) }
      for start in stride(from: 0, to: file.size, by: record) { labels.append(content[start + labelBytes - 1]) }
      files.append(file)
      counts.append(file.size / record)
    }
    (self.files, self.counts, self.labels, self.labelBytes) = (files, counts, labels, labelBytes)
    count = labels.count
    contentHash = hash.hexadecimal
    kind = "CIFAR-\(labelBytes == 1 ? 10 : 100) in \(paths.count) binary file\(paths.count == 1 ? "" : "s")"
    let classCount = labels.max().map { Int($0) + 1 } ?? 0
    classNames = names.count >= classCount ? names : (0..<classCount).map(String.init)
  }

  /// All bytes, which are read at start for the labels.
  public func identity() -> DataIdentity { DataIdentity(count: count, hash: contentHash) }

  public func name(of index: Int) -> String {
    let (file, own) = place(of: index)
    return "\(escaped(files[file].path))#\(own)"
  }

  public func label(of index: Int) -> Int? { Int(labels[index]) }

  public func image(at index: Int) throws(DatasetError) -> Image {
    let (file, own) = place(of: index)
    let start = own * (labelBytes + Self.pixelBytes) + labelBytes
    let planes = try files[file].read(start..<start + Self.pixelBytes)
    let pixels = (0..<Self.pixelBytes).map { position in
      let (pixel, channel) = position.quotientAndRemainder(dividingBy: 3)
      return planes[channel * 1024 + pixel]
    }
    return Image(width: 32, height: 32, channels: 3, pixels: pixels)
  }

  private func place(of index: Int) -> (file: Int, index: Int) {
    var (file, own) = (0, index)
    while own >= counts[file] {
      own -= counts[file]
      file += 1
    }
    return (file, own)
  }
}

extension CIFARSource: SourceFormat {
  /// A folder gives its training part; a file is told by the name that the data set's authors gave it.
  static func open(_ place: SourcePlace, _ options: DecodingOptions) throws(DatasetError) -> (any ImageSource)? {
    let folder = place.isFolder ? place.path : place.path.lastIndex(of: "/").map { String(place.path[..<$0]) } ?? "."
    let names = place.isFolder ? place.names : [place.path.split(separator: "/").last.map(String.init) ?? ""]
    var ten = names.filter { $0.hasPrefix("data_batch_") && $0.hasSuffix(".bin") }
    if !place.isFolder, names == ["test_batch.bin"] { ten = names }
    if !ten.isEmpty {
      return try CIFARSource(
        paths: ten.map { "\(folder)/\($0)" }, labelBytes: 1, names: lines(of: "\(folder)/batches.meta.txt"))
    }
    let isHundred =
      place.isFolder
      ? names.contains("train.bin") && names.contains("fine_label_names.txt")
      : names == ["train.bin"] || names == ["test.bin"]
    guard isHundred else { return nil }
    return try CIFARSource(
      paths: [place.isFolder ? "\(folder)/train.bin" : place.path], labelBytes: 2,
      names: lines(of: "\(folder)/fine_label_names.txt"))
  }

  /// The lines of a text file that are not empty; none where there is no such file.
  private static func lines(of path: String) -> [String] {
    guard let file = try? RandomAccessFile(path: path), let bytes = try? file.read(0..<file.size) else { return [] }
    return bytes.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
      .map { String(decoding: $0, as: UTF8.self) }
  }
}
