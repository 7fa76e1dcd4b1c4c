#if canImport(Glibc)
  import Glibc
#endif

/// A file's bytes, mapped into memory for reading: pages are loaded when they are looked at, none is copied.
///
/// Nobody may shorten the file meanwhile; a checkpoint that was committed is never written to again, and removing
/// its name does not disturb the mapping.
public final class MappedFile: @unchecked Sendable {
  public let bytes: UnsafeRawBufferPointer

  public init(path: String) throws(FileError) {
    let (descriptor, size) = try openRegularFile(path, O_RDONLY)
    defer { close(descriptor) }
    guard size > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    let address = try systemCall(.mmap, path) {
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
