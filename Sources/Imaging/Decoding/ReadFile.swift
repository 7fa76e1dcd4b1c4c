import Glibc

/// The whole content of the file at `path`.
func readFile(_ path: String) throws(ImagingError) -> [UInt8] {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw .unreadable(path: path, reason: lastSystemError()) }
  defer { close(descriptor) }
  var status = stat()
  guard fstat(descriptor, &status) == 0 else { throw .unreadable(path: path, reason: lastSystemError()) }
  guard status.st_mode & S_IFMT == S_IFREG else { throw .unreadable(path: path, reason: "it is not a file") }

  let size = Int(status.st_size)
  var errorNumber: Int32 = 0
  let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
    while count < size {
      let received = read(descriptor, buffer.baseAddress! + count, size - count)
      if received < 0 && errno == EINTR { continue }
      if received < 0 { errorNumber = errno }
      if received <= 0 { break }
      count += received
    }
  }
  if errorNumber != 0 { throw .unreadable(path: path, reason: String(cString: strerror(errorNumber))) }
  return bytes
}

/// What the last system call that failed on this thread says.
func lastSystemError() -> String {
  String(cString: strerror(errno))
}
