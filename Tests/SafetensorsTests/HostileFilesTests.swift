import Foundation
import Safetensors
import TemporaryFiles
import Testing

@Suite struct HostileFilesTests {
  @Test("each violation is refused for its own reason", arguments: HostileFile.all)
  func refused(_ hostile: HostileFile) throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write("hostile.safetensors", hostile.bytes)
    let error = #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: path) }
    #expect(error == SafetensorsError(path: path, tensor: hostile.tensor, reason: hostile.reason))
    let sentence = try #require(error).description
    #expect(
      sentence.contains(path)
        && (hostile.tensor == nil || sentence.contains("tensor \"a\"") || sentence.contains("\"b\"")))
  }

  @Test("no two reasons read the same")
  func sentences() {
    let sentences = Set(HostileFile.all.map { SafetensorsError(path: "p", reason: $0.reason).description })
    #expect(sentences.count == Set(HostileFile.all.map { "\($0.reason)" }).count)
  }

  @Test("what is no regular file is refused without waiting for a writer")
  func notAFile() throws {
    let directory = try TemporaryDirectory()
    #expect(mkfifo("\(directory.path)/pipe", 0o600) == 0)
    for path in ["\(directory.path)/none", directory.path, "\(directory.path)/pipe"] {
      let error = #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: path) }
      guard case .unreadable(let reason) = error?.reason else {
        Issue.record("\(path): \(String(describing: error))")
        continue
      }
      #expect(reason.path == path)
    }
  }

  @Test("scalars, empty tensors, unknown fields and files without tensors are legal")
  func legal() throws {
    let directory = try TemporaryDirectory()
    let header =
      "{\"s\":\(entry("[]", "[0,1]")),\"e\":\(entry("[3,0]", "[1,1]")),\"z\":\(entry("[0]", "[0,0]"))"
      + ",\"x\":{\"new\":[{\"y\":[null,true,-1.5e+3]}],\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[1,2]}} \n"
    let opened = try SafetensorsFile(path: try directory.write("legal.safetensors", fileBytes(header, dataSize: 2)))
    #expect(opened.tensors.map(\.name) == ["z", "s", "e", "x"])
    #expect(opened.tensors.map(\.elementCount) == [0, 1, 0, 1])
    #expect(try SafetensorsFile(path: try directory.write("none.safetensors", fileBytes("{}"))).tensors.isEmpty)
  }

  @Test("no number in a file decides how much memory is taken: the file's size, or 1 MiB, is always enough")
  func limitedMemoryInAProcessOfItsOwn() async {
    await #expect(processExitsWith: .success) {
      let directory = try TemporaryDirectory()
      let deep = fileBytes("{\"a\":" + String(repeating: "[", count: 16 << 20))
      let longShape = fileBytes("{\"a\":{\"shape\":[" + String(repeating: "9,", count: 8 << 20))
      let large = [
        (try directory.write("deep", deep), deep.count), (try directory.write("shape", longShape), longShape.count),
      ]
      let small = try HostileFile.all.enumerated().map { index, hostile in
        (try directory.write("\(index)", hostile.bytes), 1 << 20)
      }
      for (path, byteCount) in small + large {
        // Counts the heap and other private memory, not the mapped file.
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmData:") })
        let used = try #require(Int(line.split { !$0.isNumber }[0])) << 10
        var limit = rlimit(rlim_cur: rlim_t(used + byteCount), rlim_max: rlim_t.max)
        #expect(setrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &limit) == 0)
        #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: path) }
        limit.rlim_cur = rlim_t.max
        #expect(setrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &limit) == 0)
      }
    }
  }
}
