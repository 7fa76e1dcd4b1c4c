#if canImport(Glibc)
  import Glibc
#endif

public enum FileKind: Sendable {
  case regular
  case directory
  case other
}

/// What is at `path` (a symbolic link counts as `other`), or an error when nothing is.
public func fileKind(_ path: String) throws(FileError) -> FileKind {
  var status = stat()
  try systemCall("lstat", path) { lstat(path, &status) }
  return kind(status)
}

/// What `path` leads to, links followed; nil when nothing is there.
public func fileKindFollowingLinks(_ path: String) throws(FileError) -> FileKind? {
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
public func listDirectory(_ path: String) throws(FileError) -> [String] {
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
public func fileSize(_ path: String) throws(FileError) -> Int {
  var status = stat()
  try systemCall("stat", path) { stat(path, &status) }
  return Int(status.st_size)
}

/// A file's bytes, mapped into memory for reading: pages are loaded when they are looked at, none is copied.
///
/// Nobody may shorten the file meanwhile; a checkpoint that was committed is never written to again, and removing
/// its name does not disturb the mapping.
public final class MappedFile: @unchecked Sendable {
  public let bytes: UnsafeRawBufferPointer

  public init(path: String) throws(FileError) {
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
