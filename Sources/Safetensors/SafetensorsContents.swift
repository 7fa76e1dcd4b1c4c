import Compute
import Files

/// Floats that are to become a tensor of a file.
public struct NamedTensor: Sendable {
  public let name: String
  /// Its product is `values.count`; empty for a scalar.
  public let shape: [Int]
  public let values: Vector

  public init(name: String, shape: [Int], values: Vector) {
    precondition(shape.reduce(1, *) == values.count, "\(name): \(values.count) floats are not \(shape)")
    self.name = name
    self.shape = shape
    self.values = values
  }
}

/// A safetensors file that is to be written: tensors in the given order, and the same bytes each time.
public struct SafetensorsContents: Sendable {
  /// What the floats become in the file.
  public enum Precision: Sendable {
    case float32
    /// The nearest, the even one of two.
    case bfloat16

    var type: TensorType { self == .float32 ? .float32 : .bfloat16 }
  }

  public let tensors: [NamedTensor]
  public let precision: Precision
  /// The 8 bytes of the length, the header, and the spaces that align the data to 8.
  private let header: [UInt8]

  /// - Parameters:
  ///   - tensors: names do not repeat. Their floats are read when the file is written.
  ///   - metadata: goes to `__metadata__`, sorted, beside `"format": "pt"`, which readers look for.
  public init(_ tensors: [NamedTensor], precision: Precision = .float32, metadata: [String: String] = [:]) {
    let names = Set(tensors.map(\.name))
    precondition(names.count == tensors.count, "two tensors have the same name")
    precondition(!names.contains(SafetensorsHeader.metadataKey), "a tensor cannot be called __metadata__")
    self.tensors = tensors
    self.precision = precision

    header = safetensorsHeader(
      tensors.map { ($0.name, $0.shape) }, type: precision.type, metadata: metadata)
  }

  /// The size of the file.
  public var byteCount: Int {
    tensors.reduce(header.count) { $0 + $1.values.count * precision.type.byteCount }
  }

  /// Hands the file's bytes to `sink`, piece after piece.
  public func write(to sink: ByteSink) throws(FileError) {
    try emit(header, to: sink)
    switch precision {
    case .float32:
      for tensor in tensors {
        try sink(UnsafeRawBufferPointer(start: tensor.values.base, count: 4 * tensor.values.count))
      }
    case .bfloat16:
      var piece: [UInt16] = []
      piece.reserveCapacity(Self.pieceCount)
      for tensor in tensors {
        for start in stride(from: 0, to: tensor.values.count, by: Self.pieceCount) {
          piece.removeAll(keepingCapacity: true)
          for index in start..<min(start + Self.pieceCount, tensor.values.count) {
            piece.append(bfloat16(tensor.values[index]))
          }
          try emit(piece, to: sink)
        }
      }
    }
  }

  /// Creates the file `path`, which must not exist.
  public func write(to path: String, on fileSystem: some FileSystem = PosixFileSystem()) throws(FileError) {
    try fileSystem.write(path) { (sink: ByteSink) throws(FileError) in try write(to: sink) }
  }

  /// Elements that are converted at a time: 128 KiB of results stay in a core's cache.
  private static let pieceCount = 1 << 16
}

/// The bytes of a safetensors file before its data: the length, the header, and the spaces that align the data to 8.
///
/// - Parameters:
///   - tensors: in the order of their data; names do not repeat.
///   - metadata: goes to `__metadata__`, sorted, beside `"format": "pt"`, which readers look for.
public func safetensorsHeader(
  _ tensors: [(name: String, shape: [Int])], type: TensorType, metadata: [String: String]
) -> [UInt8] {
  let entries = metadata.merging(["format": "pt"]) { given, _ in given }.sorted { $0.key < $1.key }
  let metadataText = entries.map { "\(quoted($0.key)):\(quoted($0.value))" }.joined(separator: ",")
  var text = "{\(quoted(SafetensorsHeader.metadataKey)):{\(metadataText)}"
  var offset = 0
  for tensor in tensors {
    let end = offset + tensor.shape.reduce(type.byteCount, *)
    let shape = tensor.shape.map(String.init).joined(separator: ",")
    text += ",\(quoted(tensor.name)):{\"dtype\":\"\(type.rawValue)\",\"shape\":[\(shape)],"
    text += "\"data_offsets\":[\(offset),\(end)]}"
    offset = end
  }
  text += "}"
  var json = Array(text.utf8)
  json += Array(repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8)
  precondition(json.count <= SafetensorsHeader.lengthLimit, "the header would have \(json.count) bytes")
  return withUnsafeBytes(of: UInt64(json.count).littleEndian, Array.init) + json
}

/// Hands the array's memory to `sink`.
package func emit<Element: BitwiseCopyable>(_ elements: [Element], to sink: ByteSink) throws(FileError) {
  try elements.withUnsafeBufferPointer { (buffer: UnsafeBufferPointer<Element>) throws(FileError) in
    try sink(UnsafeRawBufferPointer(buffer))
  }
}

/// A string as JSON.
package func quoted(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\u{0}"..<"\u{20}":
      result += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
