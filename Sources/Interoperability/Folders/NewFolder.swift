import Files

/// Makes the folder `path`, which must not exist, so that it appears whole or not at all: `fill` writes into a hidden
/// sibling, which then takes the name.
///
/// - Throws: it exists already; the file system would not have it. Nothing is then left behind.
func makeFolder(
  at path: String, _ fill: (_ temporary: String, any FileSystem) throws(InteroperabilityError) -> Void
) throws(InteroperabilityError) {
  guard
    try interoperating(InteroperabilityError.file, { () throws(FileError) in try fileKindFollowingLinks(path) }) == nil
  else { throw .outputExists(path: path) }
  let fileSystem = PosixFileSystem()
  let parent = parentDirectory(of: path)
  let suffix = String(UInt32.random(in: 0...UInt32.max), radix: 16)
  let temporary = "\(parent)/.\(lastComponent(of: path)).tmp-\(suffix)"
  do {
    try interoperating(InteroperabilityError.file) { () throws(FileError) in
      try fileSystem.createDirectory(temporary)
    }
    try fill(temporary, fileSystem)
    try interoperating(InteroperabilityError.file) { () throws(FileError) in
      try fileSystem.synchronizeDirectory(temporary)
      try fileSystem.rename(temporary, to: path)
      try fileSystem.synchronizeDirectory(parent)
    }
  } catch {
    try? fileSystem.removeTree(temporary)
    throw error
  }
}

/// Writes a new file and waits until it is on stable storage.
func writeFile(
  _ path: String, on fileSystem: any FileSystem, _ source: ByteSource
) throws(InteroperabilityError) {
  try interoperating(InteroperabilityError.file) { () throws(FileError) in
    try fileSystem.write(path, source)
    try fileSystem.synchronizeFile(path)
  }
}

/// As above, of bytes that are in memory.
func writeFile(_ path: String, on fileSystem: any FileSystem, _ bytes: [UInt8]) throws(InteroperabilityError) {
  try writeFile(path, on: fileSystem) { (sink: ByteSink) throws(FileError) in
    try bytes.withUnsafeBufferPointer { (buffer: UnsafeBufferPointer<UInt8>) throws(FileError) in
      try sink(UnsafeRawBufferPointer(buffer))
    }
  }
}
