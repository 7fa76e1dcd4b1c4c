import Files
import Glibc
import Synchronization
import TemporaryFiles
import Testing

@Suite struct SystemCallFaultTests {
  /// Makes every call there is, all in `folder`.
  private func useEverything(in folder: String) throws(FileError) {
    let files = PosixFileSystem()
    try files.createDirectories("\(folder)/a/b")
    try requireWritableDirectory(folder)
    let path = "\(folder)/a/file"
    try files.write(path) { (sink: ByteSink) throws(FileError) in try emitThree(to: sink) }
    try files.write(path, at: 3) { (sink: ByteSink) throws(FileError) in try emitThree(to: sink) }
    try files.synchronizeFile(path)
    try files.synchronizeDirectory("\(folder)/a")
    try files.rename(path, to: "\(folder)/a/other")
    try replaceFile(path, with: [1])
    if let lock = try FileLock("\(folder)/a/lock", .exclusive, creating: true) { try lock.write("me") }
    _ = try MappedFile(path: path)
    _ = try readFile(path)
    _ = try readStream(path, limit: 10)
    _ = try FileSystemSpace(of: path)
    try files.removeTree("\(folder)/a")
  }

  private func emitThree(to sink: ByteSink) throws(FileError) {
    try [UInt8](repeating: 7, count: 3).withUnsafeBufferPointer {
      (bytes: UnsafeBufferPointer<UInt8>) throws(FileError) in
      try sink(UnsafeRawBufferPointer(bytes))
    }
  }

  @Test("every call can be made to fail, and then is named, with its path and the system's reason")
  func eachCall() throws {
    let seen = Mutex<[(call: SystemCall, path: String)]>([])
    let first = try TemporaryDirectory()
    try SystemCallFaults.withCode(
      { call, path in
        seen.withLock { $0.append((call, path)) }
        return nil
      },
      operation: {
        try useEverything(in: first.path)
      })
    let calls = seen.withLock { $0 }
    #expect(Set(calls.map(\.call)) == Set(SystemCall.allCases))
    for index in calls.indices {
      let directory = try TemporaryDirectory()
      let count = Mutex(0)
      let error = SystemCallFaults.withCode(
        { _, _ in
          count.withLock { count in
            defer { count += 1 }
            return count == index ? EIO : nil
          }
        },
        operation: {
          () -> FileError? in
          do throws(FileError) {
            try useEverything(in: directory.path)
            return nil
          } catch {
            return error
          }
        })
      #expect(error?.call == calls[index].call, "call \(index)")
      #expect(error?.code == EIO)
      #expect(error?.description.contains("Input/output error") == true)
    }
  }

  @Test("a call that a signal interrupts is made again")
  func interrupted() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write("file", [1, 2, 3])
    let interruptions = Mutex(0)
    let bytes = try SystemCallFaults.withCode(
      { call, _ in
        guard call == .pread else { return nil }
        return interruptions.withLock { count in
          count += 1
          return count % 3 == 0 ? nil : EINTR
        }
      },
      operation: {
        try readFile(path)
      })
    #expect(bytes == [1, 2, 3])
    #expect(interruptions.withLock { $0 } >= 3)
  }

  @Test("what may pass is tried again seven times in all, and nothing else is")
  func triedAgain() {
    for (code, attempts) in [(EIO, 7), (EACCES, 7), (ESTALE, 7), (ENOENT, 1), (EISDIR, 1)] {
      var count = 0
      let error = #expect(throws: FileError.self) {
        try tryingAgain { () throws(FileError) in
          count += 1
          throw FileError(call: .open, path: "a", code: code)
        }
      }
      #expect(error?.code == code)
      #expect(count == attempts, "\(code)")
    }
    var count = 0
    let value = try? tryingAgain { () throws(FileError) in
      count += 1
      if count < 3 { throw FileError(call: .pread, path: "a", code: EIO) }
      return "read"
    }
    #expect(value == "read")
  }
}
