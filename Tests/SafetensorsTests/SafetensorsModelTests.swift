import Compute
import Safetensors
import TemporaryFiles
import Testing

@Suite final class SafetensorsModelTests {
  private let directory: TemporaryDirectory
  private let buffer = AlignedBuffer<Float>(repeating: 0, count: 3)

  init() throws {
    directory = try TemporaryDirectory()
    for index in 0..<3 {
      buffer.all[index] = Float(index)
    }
    func write(_ names: [String], from start: Int, to file: String) throws {
      let tensors = names.enumerated().map { index, name in
        NamedTensor(name: name, shape: [1], values: buffer.all[start + index..<start + index + 1])
      }
      try SafetensorsContents(tensors).write(to: "\(directory.path)/\(file)")
    }
    try write(["a", "b"], from: 0, to: "model-00001-of-00002.safetensors")
    try write(["c"], from: 2, to: "model-00002-of-00002.safetensors")
  }

  private func writeIndex(_ map: String) throws {
    try directory.write(
      "model.safetensors.index.json", Array("{\"metadata\":{\"total_size\":12},\"weight_map\":{\(map)}}".utf8))
  }

  private let first = "model-00001-of-00002.safetensors"
  private let second = "model-00002-of-00002.safetensors"

  @Test("shards and an index are read as one; so are a file and a folder with one file")
  func shards() throws {
    try writeIndex("\"c\":\"\(second)\",\"a\":\"\(first)\",\"b\":\"\(first)\"")
    let model = try SafetensorsModel(path: directory.path)
    #expect(model.tensors.map(\.name) == ["a", "b", "c"])
    for (index, name) in ["a", "b", "c"].enumerated() {
      #expect(try model.floats(of: name) == [Float(index)])
    }
    let error = #expect(throws: SafetensorsError.self) { try model.floats(of: "d") }
    #expect(error?.reason == .noSuchTensor)

    #expect(try SafetensorsModel(path: "\(directory.path)/\(second)").floats(of: "c") == [2])
    let folder = try TemporaryDirectory()
    try folder.write("model.safetensors", readBytes("\(directory.path)/\(first)"))
    #expect(try SafetensorsModel(path: folder.path).tensors.map(\.name) == ["a", "b"])
  }

  @Test("an index that contradicts its shards is refused")
  func contradictions() throws {
    func reason(_ map: String) throws -> SafetensorsError.Reason? {
      try writeIndex(map)
      return #expect(throws: SafetensorsError.self) { try SafetensorsModel(path: directory.path) }?.reason
    }
    let whole = "\"a\":\"\(first)\",\"b\":\"\(first)\""
    #expect(try reason("\(whole),\"c\":\"\(first)\"") == .tensorNotInShard(first))
    #expect(try reason("\"a\":\"\(first)\"") == .tensorNotInIndex(shard: first))
    #expect(try reason("\(whole),\"c\":\"../x\"") == .unsafeShardName("../x"))
    #expect(try reason("\(whole),\"a\":\"\(second)\"") == .duplicateKey("a"))
    #expect(try reason("") == .fieldMissing("weight_map"))
    let missing = try reason("\(whole),\"c\":\"model-00003.safetensors\"")
    guard case .unreadable(let error) = missing else {
      Issue.record("\(String(describing: missing))")
      return
    }
    #expect(error.isNotFound)
  }

  @Test("a folder without weights is refused")
  func nothing() throws {
    let empty = try TemporaryDirectory()
    let error = #expect(throws: SafetensorsError.self) { try SafetensorsModel(path: empty.path) }
    #expect(error?.reason == .noModelFile)
    let missing = #expect(throws: SafetensorsError.self) { try SafetensorsModel(path: "\(empty.path)/none") }
    #expect(missing?.description.contains("none") == true)
  }
}
