import Checkpoints
import Files
import Foundation
import Safetensors

/// Why features could not be computed or written.
public enum FeatureError: Error, CustomStringConvertible {
  case unknownFormat(path: String)
  case exists(path: String)
  case file(FileError)

  public var description: String {
    switch self {
    case .unknownFormat(let path):
      "\"\(path)\" is neither .npy nor .safetensors; name the output after one of these formats"
    case .exists(let path): "\"\(path)\" exists already and is not overwritten; name another output"
    case .file(let error): error.description
    }
  }
}

/// A file of one matrix of floats whose rows are written one after another, so that it need not fit memory.
///
/// The format is that of the name's ending: `.safetensors` (tensor `features`) or NumPy's `.npy` (version 1.0,
/// little-endian float32). The file takes its name when it is whole.
struct FeatureFile {
  let path: String
  private let header: [UInt8]

  /// - Parameter metadata: for safetensors; `.npy` has no place for it.
  init(_ path: String, rows: Int, columns: Int, metadata: [String: String]) throws(FeatureError) {
    self.path = path
    if path.hasSuffix(".safetensors") {
      header = safetensorsHeader([("features", [rows, columns])], type: .float32, metadata: metadata)
    } else if path.hasSuffix(".npy") {
      header = Self.numpyHeader(rows: rows, columns: columns)
    } else {
      throw .unknownFormat(path: path)
    }
    guard !FileManager.default.fileExists(atPath: path) else { throw .exists(path: path) }
  }

  /// Writes the file; `next` gives the next rows until it gives none.
  func write(_ next: () throws -> [Float]) throws {
    let temporary = "\(path).tmp-\(String(UInt32.random(in: 0...UInt32.max), radix: 16))"
    let fileSystem = PosixFileSystem()
    var failure: (any Error)?
    do {
      try fileSystem.write(temporary) { (sink: ByteSink) throws(FileError) in
        try header.withUnsafeBufferPointer { (bytes: UnsafeBufferPointer<UInt8>) throws(FileError) in
          try sink(UnsafeRawBufferPointer(bytes))
        }
        while failure == nil {
          var rows: [Float] = []
          do { rows = try next() } catch { failure = error }
          if rows.isEmpty { break }
          try rows.withUnsafeBufferPointer { (floats: UnsafeBufferPointer<Float>) throws(FileError) in
            try sink(UnsafeRawBufferPointer(floats))
          }
        }
      }
      if let failure { throw failure }
      try fileSystem.synchronizeFile(temporary)
      try fileSystem.rename(temporary, to: path)
    } catch {
      try? FileManager.default.removeItem(atPath: temporary)
      throw error
    }
  }

  /// Magic, version, and a Python dictionary padded so that the data begins at a multiple of 64
  /// (numpy.lib.format, version 1.0).
  private static func numpyHeader(rows: Int, columns: Int) -> [UInt8] {
    var text = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows), \(columns)), }"
    text += String(repeating: " ", count: 63 - (10 + text.utf8.count) % 64) + "\n"
    let length = UInt16(text.utf8.count)
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)] + Array(text.utf8)
  }
}
