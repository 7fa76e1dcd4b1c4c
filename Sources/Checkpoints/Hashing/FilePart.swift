import Compute
import Files
import Hashing

/// Some bytes of a file.
struct FilePart: Sendable {
  let path: String
  let bytes: Range<Int>
}

/// The hash of a part of a file; where the file is shorter, of what there is.
///
/// It is read, not mapped: of a bad block on the disk the first makes an error, the second a signal that kills.
func contentHash(of part: FilePart) throws(FileError) -> String {
  let file = try ReadableFile(part.path)
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
  defer { buffer.deallocate() }
  let hash = ContentHash()
  var offset = part.bytes.lowerBound
  while offset < part.bytes.upperBound {
    let wanted = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, part.bytes.upperBound - offset)])
    let count = try file.read(into: wanted, at: offset)
    guard count > 0 else { break }
    hash.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    offset += count
  }
  return hash.hexadecimal
}

/// The hashes of parts of files, which are read at the same time: neither a core's hashing nor one reader uses all that a
/// disk or a page cache can give. What cannot be read is tried again.
func contentHashes(of parts: [FilePart]) -> [Result<String, FileError>] {
  let hashes = Monitor([Result<String, FileError>?](repeating: nil, count: parts.count))
  let hash: @Sendable (Int) -> Void = { index in
    let hash = Result { () throws(FileError) in
      try tryingAgain { () throws(FileError) in try contentHash(of: parts[index]) }
    }
    hashes.withLock { $0[index] = hash }
  }
  if SystemCallFaults.code == nil {
    runPieces(parts.count, hash)
  } else {
    // What a test has planned holds for its own thread.
    parts.indices.forEach(hash)
  }
  return hashes.withLock { $0.compactMap(\.self) }
}
