import Files
import Safetensors
import Training

/// Why features could not be computed or written.
public enum FeatureError: UsageError, CustomStringConvertible {
  case unknownFormat(path: String)
  case exists(path: String)
  case notFinite

  public var description: String {
    switch self {
    case .unknownFormat(let path):
      "\"\(escaped(path))\" is neither .npy nor .safetensors; name the output after one of these formats"
    case .exists(let path): "\"\(escaped(path))\" exists already and is not overwritten; name another output"
    case .notFinite:
      "the encoder's features are no finite numbers, which happens where training has diverged; take an earlier checkpoint"
    }
  }
}

extension FeatureError {
  /// Whether the command is at fault, and not the checkpoint.
  public var isUsage: Bool { if case .notFinite = self { false } else { true } }
}

/// A file of one tensor of floats whose rows are written one after another, so that it need not fit memory, and whose
/// number of rows is known when the last one is there.
///
/// The format is that of the name's ending: `.safetensors` (tensor `features`) or NumPy's `.npy` (version 1.0,
/// little-endian float32).
struct FeatureFile {
  private enum Format { case numpy, safetensors }

  private let format: Format
  /// Of one row: [D], or [L, D].
  private let rowShape: [Int]
  /// The header's bytes with as many rows as there can be; with fewer it is no longer.
  private let headerByteCount: Int

  /// - Parameters:
  ///   - path: says the format.
  ///   - rowLimit: rows at most.
  ///   - rowShape: of one row.
  ///   - metadataLimit: the metadata at its longest.
  init(_ path: String, rowLimit: Int, rowShape: [Int], metadataLimit: [String: String]) throws(FeatureError) {
    if path.hasSuffix(".safetensors") {
      format = .safetensors
    } else if path.hasSuffix(".npy") {
      format = .numpy
    } else {
      throw .unknownFormat(path: path)
    }
    self.rowShape = rowShape
    let longest = Self.text(format, shape: [rowLimit] + rowShape, metadata: metadataLimit)
    headerByteCount = Self.header(format, longest, byteCount: nil).count
  }

  /// Writes the file `path`, which must not exist.
  ///
  /// - Parameters:
  ///   - next: gives the next rows until it gives none.
  ///   - metadata: for safetensors, asked for behind the last row; `.npy` has no place for it.
  func write(to path: String, next: () throws -> [Float], metadata: () -> [String: String]) throws {
    let fileSystem = PosixFileSystem()
    var failure: (any Error)?
    var count = 0
    try fileSystem.write(path) { (sink: ByteSink) throws(FileError) in
      try emit([UInt8](repeating: 0, count: headerByteCount), to: sink)
      while failure == nil {
        var rows: [Float] = []
        do { rows = try next() } catch { failure = error }
        if rows.isEmpty { break }
        count += rows.count
        try emit(rows, to: sink)
      }
    }
    if let failure { throw failure }
    let shape = [count / rowShape.reduce(1, *)] + rowShape
    let text = Self.text(format, shape: shape, metadata: metadata())
    let header = Self.header(format, text, byteCount: headerByteCount)
    try fileSystem.write(path, at: 0) { (sink: ByteSink) throws(FileError) in try emit(header, to: sink) }
  }

  /// What the header says, without its length and the spaces behind it.
  private static func text(_ format: Format, shape: [Int], metadata: [String: String]) -> [UInt8] {
    switch format {
    case .safetensors:
      Array(safetensorsHeader([("features", shape)], type: .float32, metadata: metadata).dropFirst(8))
    case .numpy:
      Array(
        "{'descr': '<f4', 'fortran_order': False, 'shape': (\(shape.map(String.init).joined(separator: ", "))), }".utf8)
    }
  }

  /// Either format puts the length of its text before it, and takes spaces behind it: of NumPy up to a multiple of 64
  /// and then a line feed (numpy.lib.format, version 1.0).
  ///
  /// - Parameter byteCount: what it is brought to; nil for the least.
  private static func header(_ format: Format, _ text: [UInt8], byteCount: Int?) -> [UInt8] {
    switch format {
    case .safetensors:
      let length = byteCount.map { $0 - 8 } ?? text.count
      return withUnsafeBytes(of: UInt64(length).littleEndian, Array.init) + text + spaces(length - text.count)
    case .numpy:
      let length = (byteCount ?? (10 + text.count + 64) / 64 * 64) - 10
      let prefix = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)]
      return prefix + text + spaces(length - text.count - 1) + [UInt8(ascii: "\n")]
    }
  }

  private static func spaces(_ count: Int) -> [UInt8] { [UInt8](repeating: UInt8(ascii: " "), count: count) }
}

/// Hands the array's memory to `sink`.
func emit<Element: BitwiseCopyable>(_ elements: [Element], to sink: ByteSink) throws(FileError) {
  try elements.withUnsafeBufferPointer { (buffer: UnsafeBufferPointer<Element>) throws(FileError) in
    try sink(UnsafeRawBufferPointer(buffer))
  }
}
