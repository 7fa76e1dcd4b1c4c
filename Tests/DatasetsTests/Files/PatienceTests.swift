import Datasets
import Files
import Glibc
import Testing

@Suite struct PatienceTests {
  private func failing(_ code: Int32, times: Int) -> (calls: Int, result: Result<Int, DatasetError>) {
    var calls = 0
    do throws(DatasetError) {
      let value = try patiently { () throws(FileError) -> Int in
        calls += 1
        guard calls > times else { throw FileError(call: .pread, path: "/data/x", code: code) }
        return 42
      }
      return (calls, .success(value))
    } catch {
      return (calls, .failure(error))
    }
  }

  @Test(arguments: [EIO, ESTALE, EMFILE, ENFILE, ETIMEDOUT]) func whatMayPassIsTriedAgain(code: Int32) {
    let (calls, result) = failing(code, times: 2)
    #expect(calls == 3 && result == .success(42))
  }

  @Test(arguments: [ENOENT, EACCES, EISDIR]) func whatWillNotPassIsNot(code: Int32) {
    let (calls, result) = failing(code, times: 1)
    #expect(calls == 1)
    #expect(result == .failure(.unreadable(path: "/data/x", reason: String(cString: strerror(code)))))
  }

  @Test func afterThreeSecondsItIsGivenUp() {
    let start = ContinuousClock.now
    let (calls, result) = failing(EIO, times: .max)
    #expect(calls == 7)
    #expect(result == .failure(.unreadable(path: "/data/x", reason: "Input/output error")))
    // 50 ms, doubled five times: 3.15 s.
    #expect(ContinuousClock.now - start >= .milliseconds(3150))
  }
}
