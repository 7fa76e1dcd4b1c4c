import Files

/// The whole content of the file at `path`.
func readFile(_ path: String) throws(ImagingError) -> [UInt8] {
  do throws(FileError) {
    return try Files.readFile(path)
  } catch {
    throw .unreadable(path: path, reason: error.reason)
  }
}
