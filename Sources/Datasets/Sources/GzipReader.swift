import CZlib
import Files
import Glibc

/// Reads a file from front to back, and unpacks it on the way if it is a gzip file. Checksums are checked.
final class GzipReader {
  let path: String
  /// The file's size as it lies on the disk.
  let storedByteCount: Int
  private let stream: gzFile

  init(path: String) throws(DatasetError) {
    let (descriptor, size) = try readingDataset { () throws(FileError) in try openForLibrary(path) }
    guard let stream = gzdopen(descriptor, "rb") else {
      close(descriptor)
      throw .unreadable(path: path, reason: "there is no memory for unpacking it")
    }
    self.path = path
    self.stream = stream
    storedByteCount = size
    gzbuffer(stream, 1 << 17)
  }

  deinit {
    gzclose(stream)
  }

  /// Whether it is a gzip file.
  var isPacked: Bool { gzdirect(stream) == 0 }

  /// More bytes than the file can hold even if it is packed as tightly as deflate can (1032 : 1).
  var byteCountLimit: Int { storedByteCount.multipliedReportingOverflow(by: 1032).partialValue }

  /// The next `count` bytes, or fewer where the file ends before.
  func read(upTo count: Int) throws(DatasetError) -> [UInt8] {
    var errorNumber: Int32 = 0
    var message = ""
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let received = gzread(stream, buffer.baseAddress! + filled, UInt32(min(count - filled, 1 << 30)))
        if received <= 0 { break }
        filled += Int(received)
      }
      // A packed file that is cut short is reported here, not by gzread, which returns what it has.
      if let text = gzerror(stream, &errorNumber), errorNumber != Z_OK && errorNumber != Z_STREAM_END {
        message = errorNumber == Z_BUF_ERROR ? "it ends too early" : String(cString: text)
      }
    }
    guard message.isEmpty else { throw .corrupt(path: path, reason: message) }
    return bytes
  }
}
