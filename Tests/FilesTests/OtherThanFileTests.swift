import Files
import Glibc
import TemporaryFiles
import Testing

/// A folder, a pipe or a socket where a file should be: an error at once, never a wait for somebody at the other end.
@Suite struct OtherThanFileTests {
  private let directory: TemporaryDirectory
  private let paths: [String]

  init() throws {
    directory = try TemporaryDirectory()
    paths = ["folder", "pipe"].map { [directory] in "\(directory.path)/\($0)" } + ["/dev/null"]
    try PosixFileSystem().createDirectory(paths[0])
    #expect(mkfifo(paths[1], 0o600) == 0)
  }

  @Test(.timeLimit(.minutes(1))) func isRefused() throws {
    for path in paths {
      let errors = [
        #expect(throws: FileError.self) { try readFile(path) },
        #expect(throws: FileError.self) { try MappedFile(path: path) },
        #expect(throws: FileError.self) { _ = try AppendOnlyFile(path: path) },
        #expect(throws: FileError.self) { _ = try LineReader(path: path) },
        #expect(throws: FileError.self) { try FileLock(path, .exclusive) },
      ]
      for error in errors {
        #expect(error?.isOtherThanFile == true, "\(error?.description ?? "none")")
        #expect(error?.saysNothingOfContent == false)
        #expect(error?.description.contains(path) == true)
      }
    }
    let error = #expect(throws: FileError.self) { try readFile(paths[1]) }
    #expect(error?.description.hasSuffix("it is a pipe, a socket or a device, not a file") == true)
  }
}
