import Files

/// The whole content of the file at `path`, the bytes of its name.
func readFile(_ path: [UInt8]) throws(ImagingError) -> [UInt8] {
  let path = pathText(path)
  do throws(FileError) {
    return try tryingAgain(where: \.isTrouble) { () throws(FileError) in try Files.readFile(path) }
  } catch {
    throw error.isTrouble
      ? .readFailed(path: path, reason: error.reason) : .unreadable(path: path, reason: error.reason)
  }
}
