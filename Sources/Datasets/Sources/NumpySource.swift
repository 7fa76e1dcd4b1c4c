import Files
import Foundation
import Imaging

/// Images of one size in one array, as NumPy saves it, with labels in another beside it: [N, H, W], [N, H, W, C] or
/// [N, C, H, W]. It is read image by image and never held in memory.
public struct NumpySource: ImageSource {
  public let kind: String
  public let count: Int
  public let classNames: [String]
  /// The file of the labels, if there is one.
  public let labelsPath: String?
  private let file: RandomAccessFile
  private let header: NumpyHeader
  private let layout: ArrayLayout
  private let labels: [Int32]

  public var shape: ImageShape? {
    ImageShape(channels: layout.channels, height: layout.height, width: layout.width)
  }

  public var sampleKind: SampleKind { header.element.sampleKind ?? .uint8 }

  /// Opens the array at `path` and the labels beside it: `NAME_labels.npy` beside `NAME.npy`, or the same name with
  /// `labels` for `images`.
  public init(path: String, options: DecodingOptions = DecodingOptions()) throws(DatasetError) {
    (file, header) = try openArray(path)
    guard header.element.sampleKind != nil else {
      throw .notADataset(
        path: path,
        reason: "its numbers are \(header.element), and images are uint8, uint16, float32 or float64; save them as one "
          + "of these")
    }
    guard (3...4).contains(header.shape.count), header.shape[0] > 0 else {
      throw .notADataset(
        path: path,
        reason: "its shape \(header.shape) is not that of images, which is [N, H, W], [N, H, W, C] or [N, C, H, W]")
    }
    do throws(ImagingError) {
      layout = try ArrayLayout(
        dimensions: Array(header.shape.dropFirst()), channels: options.channels, order: options.channelOrder, name: path
      )
    } catch {
      throw .notADataset(path: path, reason: error.description)
    }
    count = header.shape[0]
    let order = header.shape.count == 3 ? "[N, H, W]" : layout.isPlanar ? "[N, C, H, W]" : "[N, H, W, C]"
    kind =
      "a NumPy array \(order) = [\(header.shape.map(String.init).joined(separator: ", "))] of \(header.element)"
    labelsPath = Self.labelsFile(beside: path)
    labels = try labelsPath.map { (path) throws(DatasetError) in try readLabels(path) } ?? []
    guard labelsPath == nil || labels.count == count else {
      throw .corrupt(path: labelsPath!, reason: "it has \(labels.count) labels for the \(count) images of \(path)")
    }
    classNames = labels.max().map { (0...$0).map(String.init) } ?? []
  }

  /// The shape, the labels, and at most 1024 images, evenly spread.
  public func identity() -> DataIdentity {
    DataIdentity(count: count) { hash in
      for size in header.shape { hash.update(UInt64(size)) }
      labels.withUnsafeBytes { hash.update($0) }
      let images = min(count, 1024)
      for number in 0..<images {
        // The first 4 KiB of an image; what cannot be read is reported when it is wanted.
        let start = header.dataOffset + number * count / images * layout.count * header.element.byteCount
        let end = min(start + 4096, file.size)
        if let bytes = try? file.read(start..<end) { bytes.withUnsafeBytes { hash.update($0) } }
      }
    }
  }

  public func name(of index: Int) -> String { "\(escaped(file.path))#\(index)" }

  public func label(of index: Int) -> Int? { labels.isEmpty ? nil : Int(labels[index]) }

  public func image(at index: Int) throws(DatasetError) -> Image {
    let byteCount = layout.count * header.element.byteCount
    let numbers = try file.read(
      header.dataOffset + index * byteCount..<header.dataOffset + (index + 1) * byteCount)
    let samples = Samples.filled(sampleKind, count: layout.count) { memory in
      numbers.withUnsafeBytes { layout.arrange($0, of: header.element, into: memory) }
      return true
    }
    return Image(
      width: layout.width, height: layout.height, channels: layout.channels, hasAlpha: false, samples: samples!)
  }

  private static func labelsFile(beside path: String) -> String? {
    let stem = path.hasSuffix(".npy") ? String(path.dropLast(4)) : path
    var candidates = ["\(stem)_labels.npy", "\(stem)-labels.npy", "\(stem).labels.npy"]
    let start = (stem.lastIndex(of: "/").map { stem.index(after: $0) }) ?? stem.startIndex
    if let word = stem[start...].range(of: "images", options: .backwards) {
      candidates.append(stem.replacingCharacters(in: word, with: "labels") + ".npy")
    }
    return candidates.first { (try? fileKindFollowingLinks($0)) == .regular }
  }
}

/// Opens an array and reads its header; its size must be what the header says.
private func openArray(_ path: String) throws(DatasetError) -> (RandomAccessFile, NumpyHeader) {
  let file = try RandomAccessFile(path: path)
  let start = try file.read(0..<min(file.size, NumpyHeader.longest))
  let header: NumpyHeader
  do throws(ImagingError) {
    header = try NumpyHeader(start, name: path)
  } catch {
    throw .notADataset(path: path, reason: error.description)
  }
  guard file.size - header.dataOffset == header.dataCount else {
    throw .corrupt(
      path: path,
      reason: "it has \(file.size - header.dataOffset) bytes of numbers, and its shape \(header.shape) wants "
        + "\(header.dataCount)")
  }
  return (file, header)
}

/// The labels of an array of whole numbers, [N] or [N, 1].
private func readLabels(_ path: String) throws(DatasetError) -> [Int32] {
  let (file, header) = try openArray(path)
  guard header.shape.count == 1 || header.shape.count == 2 && header.shape[1] == 1 else {
    throw .corrupt(path: path, reason: "labels are one number an image, and its shape is \(header.shape)")
  }
  let bytes = try file.read(header.dataOffset..<header.dataOffset + header.dataCount)
  let size = header.element.byteCount
  var labels: [Int32] = []
  labels.reserveCapacity(header.shape[0])
  for index in 0..<header.shape[0] {
    let value = bytes.withUnsafeBytes { wholeNumber($0, at: index * size, header.element) }
    // More classes than anyone has, and few enough that their names fit memory.
    guard let value, (0..<1 << 20).contains(value) else {
      throw .corrupt(
        path: path,
        reason: "label \(index) of \(header.element) is \(value.map(String.init) ?? "no whole number"); labels are "
          + "whole numbers from 0 on, one for each class")
    }
    labels.append(Int32(value))
  }
  return labels
}

private func wholeNumber(
  _ bytes: UnsafeRawBufferPointer, at offset: Int, _ element: NumpyHeader.Element
) -> Int? {
  switch element {
  case .bool, .uint8: Int(bytes[offset])
  case .int8: Int(Int8(bitPattern: bytes[offset]))
  case .uint16: Int(bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
  case .int16: Int(bytes.loadUnaligned(fromByteOffset: offset, as: Int16.self))
  case .uint32: Int(bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  case .int32: Int(bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self))
  case .int64: bytes.loadUnaligned(fromByteOffset: offset, as: Int.self)
  case .uint64: Int(exactly: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  case .float32: Int(exactly: bytes.loadUnaligned(fromByteOffset: offset, as: Float.self))
  case .float64: Int(exactly: bytes.loadUnaligned(fromByteOffset: offset, as: Double.self))
  }
}

extension NumpySource: SourceFormat {
  static func open(_ place: SourcePlace, _ options: DecodingOptions) throws(DatasetError) -> (any ImageSource)? {
    guard place.firstBytes.starts(with: NumpyHeader.magic) else { return nil }
    guard !place.isPacked else {
      throw .notADataset(path: place.path, reason: "a packed array cannot be read at any place; unpack it with gunzip")
    }
    return try NumpySource(path: place.path, options: options)
  }
}
