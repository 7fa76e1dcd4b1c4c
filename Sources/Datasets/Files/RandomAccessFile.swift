import Files

/// A file that is read piece by piece at any place, by any thread.
///
/// It is read and not mapped into memory: what cannot be read is an error with a name then, where a mapped page would end
/// the process with a signal. The system's cache serves both alike.
final class RandomAccessFile: Sendable {
  let path: String
  /// When it was opened.
  let size: Int
  private let file: ReadableFile

  init(path: String) throws(DatasetError) {
    self.path = path
    file = try patiently { () throws(FileError) in try ReadableFile(path) }
    size = try patiently { () throws(FileError) in try fileSize(path) }
  }

  /// The bytes `range`, all of them.
  func read(_ range: Range<Int>) throws(DatasetError) -> [UInt8] {
    var failure: DatasetError?
    let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      do throws(DatasetError) {
        try read(at: range.lowerBound, into: UnsafeMutableRawBufferPointer(buffer))
        count = range.count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Fills `memory` with the bytes from `offset` on.
  func read(at offset: Int, into memory: UnsafeMutableRawBufferPointer) throws(DatasetError) {
    var filled = 0
    while filled < memory.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: memory[filled...])
      let received = try patiently { () throws(FileError) in try file.read(into: rest, at: offset + filled) }
      guard received > 0 else {
        let end = (try? fileSize(path)) ?? offset + filled
        throw .corrupt(path: path, reason: "it ends after \(end) bytes, and had \(size) when it was opened")
      }
      filled += received
    }
  }
}

/// Runs `body` again for three seconds while it fails as disks, networks and limits fail, and passes its error on as this
/// module's.
private func patiently<Result: ~Copyable>(_ body: () throws(FileError) -> Result) throws(DatasetError) -> Result {
  do throws(FileError) {
    return try tryingAgain(where: \.isTrouble, body)
  } catch {
    throw .unreadable(path: error.path, reason: error.reason)
  }
}
