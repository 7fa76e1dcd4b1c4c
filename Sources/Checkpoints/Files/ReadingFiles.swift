import Compute
import Dispatch
import Hashing

#if canImport(Glibc)
  import Glibc
#endif

enum FileKind {
  case regular
  case directory
  case other
}

/// What is at `path` (a symbolic link counts as `other`), or an error when nothing is.
func fileKind(_ path: String) throws(FileError) -> FileKind {
  var status = stat()
  try systemCall("lstat", path) { lstat(path, &status) }
  return kind(status)
}

/// What `path` leads to, links followed; nil when nothing is there.
func fileKindFollowingLinks(_ path: String) throws(FileError) -> FileKind? {
  var status = stat()
  do {
    try systemCall("stat", path) { stat(path, &status) }
  } catch  where error.isNotFound {
    return nil
  }
  return kind(status)
}

private func kind(_ status: stat) -> FileKind {
  switch status.st_mode & S_IFMT {
  case S_IFREG: .regular
  case S_IFDIR: .directory
  default: .other
  }
}

/// The names in a folder in byte order, without `.` and `..`.
func listDirectory(_ path: String) throws(FileError) -> [String] {
  let descriptor = try openFile(path, O_RDONLY | O_DIRECTORY)
  guard let stream = fdopendir(descriptor) else {
    close(descriptor)
    throw FileError(call: "fdopendir", path: path, code: ENOMEM)
  }
  defer { closedir(stream) }
  var names: [String] = []
  while let entry = readdir(stream) {
    let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    if name != "." && name != ".." {
      names.append(name)
    }
  }
  return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
}

/// The number of bytes of a regular file.
func fileSize(_ path: String) throws(FileError) -> Int {
  var status = stat()
  try systemCall("stat", path) { stat(path, &status) }
  return Int(status.st_size)
}

/// Some bytes of a file.
struct FilePart: Sendable {
  let path: String
  let bytes: Range<Int>
}

/// The hash of a part of a file; where the file is shorter, of what there is.
///
/// It is read, not mapped: of a bad block on the disk the first makes an error, the second a signal that kills.
func contentHash(of part: FilePart) throws(FileError) -> String {
  let descriptor = try openFile(part.path, O_RDONLY)
  defer { close(descriptor) }
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
  defer { buffer.deallocate() }
  let hash = ContentHash()
  var offset = part.bytes.lowerBound
  while offset < part.bytes.upperBound {
    let wanted = min(buffer.count, part.bytes.upperBound - offset)
    let count = try systemCall("pread", part.path) { pread(descriptor, buffer.baseAddress, wanted, off_t(offset)) }
    guard count > 0 else { break }
    hash.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    offset += count
  }
  return hash.hexadecimal
}

/// The hashes of parts of files, which are read at the same time: neither a core's hashing nor one reader uses all that a
/// disk or a page cache can give.
func contentHashes(of parts: [FilePart]) -> [Result<String, FileError>] {
  let hashes = Monitor([Result<String, FileError>?](repeating: nil, count: parts.count))
  DispatchQueue.concurrentPerform(iterations: parts.count) { index in
    let hash = Result { () throws(FileError) in try contentHash(of: parts[index]) }
    hashes.withLock { $0[index] = hash }
  }
  return hashes.withLock { $0.compactMap(\.self) }
}

/// A file's bytes, mapped into memory for reading: pages are loaded when they are looked at, none is copied.
///
/// Nobody may shorten the file meanwhile; a checkpoint that was committed is never written to again, and removing
/// its name does not disturb the mapping.
final class MappedFile: @unchecked Sendable {
  let bytes: UnsafeRawBufferPointer

  init(path: String) throws(FileError) {
    // Without O_NONBLOCK, opening a named pipe would wait for somebody to write.
    let descriptor = try openFile(path, O_RDONLY | O_NONBLOCK)
    defer { close(descriptor) }
    var status = stat()
    try systemCall("fstat", path) { fstat(descriptor, &status) }
    guard kind(status) == .regular else {
      throw FileError(call: "read", path: path, code: kind(status) == .directory ? EISDIR : EINVAL)
    }
    let size = Int(status.st_size)
    guard size > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    let address = try systemCall("mmap", path) {
      Int(bitPattern: mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0))
    }
    bytes = UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: address), count: size)
  }

  deinit {
    if let start = bytes.baseAddress {
      munmap(UnsafeMutableRawPointer(mutating: start), bytes.count)
    }
  }
}
