#if canImport(Glibc)
  import Glibc
#endif

/// A regular file that is open for reading, at any place.
public struct ReadableFile: ~Copyable, Sendable {
  public let path: String
  /// In bytes, when it was opened.
  public let size: Int
  private let descriptor: Int32

  public init(_ path: String) throws(FileError) {
    (descriptor, size) = try openRegularFile(path, O_RDONLY)
    self.path = path
  }

  deinit {
    close(descriptor)
  }

  /// Reads from byte `offset` of the file on.
  ///
  /// - Returns: the bytes that were read, fewer than `buffer` has where the system gives fewer; 0 at the end of the file.
  public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int {
    try systemCall(.pread, path) { pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset)) }
  }

  /// All bytes from the first to the end.
  public func readAll() throws(FileError) -> [UInt8] {
    var bytes: [UInt8] = []
    // Files of /proc say that they have no bytes, and a file may have grown: the end is where nothing more comes.
    var capacity = max(size + 1, 1 << 12)
    while true {
      let piece = try read(upTo: capacity, at: bytes.count)
      bytes = bytes.isEmpty ? piece : bytes + piece
      if piece.count < capacity { return bytes }
      capacity = 1 << 16
    }
  }

  /// Some bytes, fewer where the file ends before them.
  public func read(_ range: Range<Int>) throws(FileError) -> [UInt8] {
    try read(upTo: range.count, at: range.lowerBound)
  }

  /// - Returns: `count` bytes from `offset` on, or fewer where the file ends before.
  private func read(upTo wanted: Int, at offset: Int) throws(FileError) -> [UInt8] {
    var failure: FileError?
    let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
      do throws(FileError) {
        while count < wanted {
          let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[count..<wanted])
          let received = try read(into: rest, at: offset + count)
          if received == 0 { break }
          count += received
        }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }
}

/// Opens a regular file for a library that reads and closes the descriptor by itself.
public func openForLibrary(_ path: String) throws(FileError) -> (descriptor: Int32, size: Int) {
  try openRegularFile(path, O_RDONLY)
}

/// What a file, a pipe or a device gives, to its end or to `limit` bytes.
public func readStream(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
  let descriptor = try openFile(path, O_RDONLY)
  defer { close(descriptor) }
  var bytes = [UInt8](repeating: 0, count: limit)
  var count = 0
  while count < limit {
    let received = try systemCall(.read, path) {
      bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress! + count, limit - count) }
    }
    if received == 0 { break }
    count += received
  }
  return Array(bytes[..<count])
}

/// All bytes of a regular file.
public func readFile(_ path: String) throws(FileError) -> [UInt8] {
  try ReadableFile(path).readAll()
}
