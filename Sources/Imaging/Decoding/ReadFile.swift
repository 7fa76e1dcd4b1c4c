import Files
import Glibc

/// The whole content of the file at `path`, the bytes of its name.
func readFile(_ path: [UInt8]) throws(ImagingError) -> [UInt8] {
  let path = pathText(path)
  var pause = firstPause
  while true {
    do throws(FileError) {
      return try Files.readFile(path)
    } catch {
      guard isTrouble(error.code) else { throw .unreadable(path: path, reason: error.reason) }
      guard pause <= longestPause else { throw .readFailed(path: path, reason: error.reason) }
      usleep(pause)
      pause *= 2
    }
  }
}

/// Microseconds between two attempts to read what a disk or a network does not give: they double, from the first to the
/// longest, and come to three seconds. A server that restarts takes longer, and then the run ends with a checkpoint to go on
/// from.
public let firstPause: UInt32 = 50_000
public let longestPause: UInt32 = 1_600_000

/// Whether a system call failed because of a disk, a network or a limit, and not because of the file: such a failure may
/// pass, and says nothing of the image.
public func isTrouble(_ errorNumber: Int32) -> Bool {
  [
    EIO, ESTALE, EMFILE, ENFILE, ENOMEM, EAGAIN, ETIMEDOUT, ENOTCONN, ECONNRESET, EREMOTEIO, ENODEV, ENXIO, EHOSTDOWN,
    ESHUTDOWN,
  ].contains(errorNumber)
}
