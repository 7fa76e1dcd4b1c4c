import Files
import Safetensors

/// Why features could not be computed or written.
public enum FeatureError: Error, CustomStringConvertible {
  case unknownFormat(path: String)
  case exists(path: String)

  public var description: String {
    switch self {
    case .unknownFormat(let path):
      "\"\(escaped(path))\" is neither .npy nor .safetensors; name the output after one of these formats"
    case .exists(let path): "\"\(escaped(path))\" exists already and is not overwritten; name another output"
    }
  }
}

/// A file of one matrix of floats whose rows are written one after another, so that it need not fit memory, and whose
/// number of rows is known when the last one is there.
///
/// The format is that of the name's ending: `.safetensors` (tensor `features`) or NumPy's `.npy` (version 1.0,
/// little-endian float32).
struct FeatureFile {
  private enum Format { case numpy, safetensors }

  private let format: Format
  private let columns: Int
  /// The header's bytes with as many rows as there can be; with fewer it is no longer.
  private let headerByteCount: Int

  /// - Parameters:
  ///   - path: says the format.
  ///   - rowLimit: rows at most.
  ///   - metadataLimit: the metadata at its longest.
  init(_ path: String, rowLimit: Int, columns: Int, metadataLimit: [String: String]) throws(FeatureError) {
    if path.hasSuffix(".safetensors") {
      format = .safetensors
    } else if path.hasSuffix(".npy") {
      format = .numpy
    } else {
      throw .unknownFormat(path: path)
    }
    self.columns = columns
    let longest = Self.text(format, rows: rowLimit, columns: columns, metadata: metadataLimit)
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
    let text = Self.text(format, rows: count / columns, columns: columns, metadata: metadata())
    let header = Self.header(format, text, byteCount: headerByteCount)
    try fileSystem.write(path, at: 0) { (sink: ByteSink) throws(FileError) in try emit(header, to: sink) }
  }

  /// What the header says, without its length and the spaces behind it.
  private static func text(_ format: Format, rows: Int, columns: Int, metadata: [String: String]) -> [UInt8] {
    switch format {
    case .safetensors:
      Array(safetensorsHeader([("features", [rows, columns])], type: .float32, metadata: metadata).dropFirst(8))
    case .numpy: Array("{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows), \(columns)), }".utf8)
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
