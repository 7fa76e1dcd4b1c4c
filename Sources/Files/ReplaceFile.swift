/// Puts a whole file in the place of another, or where none was: at every moment, power cuts included, the old or the new
/// one is there. It is written beside its place as `path.writing`; where that fails, the old one stays.
///
/// - Parameter content: gives the file's bytes piece by piece.
public func replaceFile(
  _ path: String, content: ((_ piece: [UInt8]) throws(FileError) -> Void) throws(FileError) -> Void
) throws(FileError) {
  let fileSystem = PosixFileSystem()
  let temporary = "\(path).writing"
  // What a process that was killed has left.
  try fileSystem.removeTree(temporary)
  do {
    var file = try AppendOnlyFile(path: temporary)
    try content { piece throws(FileError) in try file.append(piece) }
    try file.synchronize()
    try fileSystem.rename(temporary, to: path)
  } catch {
    try? fileSystem.remove(temporary)
    throw error
  }
  try fileSystem.synchronizeDirectory(parentDirectory(of: path))
}

/// As above, of bytes that are in memory.
public func replaceFile(_ path: String, with bytes: [UInt8]) throws(FileError) {
  try replaceFile(path) { write throws(FileError) in try write(bytes) }
}
