import Files
import Glibc
import Synchronization
import TemporaryFiles
import Testing

@Suite struct ReplaceFileTests {
  @Test("whatever call fails, the old content or the new is there, and nothing beside it")
  func wholeOrOld() throws {
    var index = 0
    var outcomes: Set<Bool> = []
    while true {
      let directory = try TemporaryDirectory()
      let path = try directory.write("file", [1, 1])
      let count = Mutex(0)
      let failed = SystemCallFaults.withCode(
        { [index] _, _ in
          count.withLock { count in
            defer { count += 1 }
            return count == index ? ENOSPC : nil
          }
        },
        operation: {
          (try? replaceFile(path, with: [2, 2, 2])) == nil
        })
      let bytes = try readFile(path)
      #expect(bytes == [2, 2, 2] || failed && bytes == [1, 1], "call \(index)")
      #expect(try listDirectory(directory.path) == ["file"], "call \(index)")
      outcomes.insert(failed)
      if !failed { break }
      index += 1
    }
    #expect(index > 5)
    #expect(outcomes == [true, false])
  }
}
