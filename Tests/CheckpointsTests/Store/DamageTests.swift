import Checkpoints
import Foundation
import Testing

@Suite struct DamageTests {
  private let run: TemporaryDirectory
  private let store: CheckpointStore
  private let names: [String]

  init() throws {
    run = try TemporaryDirectory()
    store = CheckpointStore(directory: "\(run.path)/checkpoints")
    try store.save(step: 1, files: Arenas(seed: 1).files(step: 1))
    try store.save(step: 2, files: Arenas(seed: 2).files(step: 2))
    names = try FileManager.default.contentsOfDirectory(atPath: store.path(of: 2)).sorted()
  }

  /// What the newest checkpoint is passed over for; the one before must be taken.
  private func defect(_ what: String) throws -> CheckpointDefect? {
    let newest = try store.newestValid()
    #expect(newest.step == 1, "\(what) was not noticed")
    #expect(newest.passedOver.map(\.step) == [2], "\(what)")
    let error = #expect(throws: CheckpointError.self, "\(what)") { try store.verify(step: 2) }
    #expect(error.map { "\($0)".contains(store.path(of: 2)) } == true, "\(what)")
    return newest.passedOver.first?.defect
  }

  @Test("every changed byte of every file is noticed and its file named")
  func everyByte() throws {
    #expect(names == ["manifest.json", "model.safetensors", "optimizer.safetensors", "state.json"])
    for name in names {
      let path = "\(store.path(of: 2))/\(name)"
      let original = try readBytes(path)
      for index in original.indices {
        for change: UInt8 in [1 << UInt8(index % 8), 0xFF] {
          var bytes = original
          bytes[index] ^= change
          try writeBytes(bytes, to: path)
          let defect = try defect("byte \(index) of \(name)")
          #expect(defect == (name == "manifest.json" ? .manifestDamaged : .hashDiffers(file: name)))
          #expect(defect?.description.contains(name) == true)
        }
      }
      try writeBytes(original, to: path)
    }
    #expect(try store.newestValid().step == 2)
  }

  @Test("truncation at every length, and a byte too many, is noticed and its file named")
  func everyLength() throws {
    for name in names {
      let path = "\(store.path(of: 2))/\(name)"
      let original = try readBytes(path)
      for length in 0..<original.count {
        try writeBytes(Array(original.prefix(length)), to: path)
        let defect = try defect("\(name) cut to \(length)")
        let expected = CheckpointDefect.wrongSize(file: name, expected: original.count, found: length)
        #expect(defect == (name == "manifest.json" ? .manifestDamaged : expected))
        #expect(defect?.description.contains("truncated") == true)
      }
      try writeBytes(original + [0x0A], to: path)
      #expect(try defect("\(name) with a byte more")?.description.contains(name) == true)
      try writeBytes(original, to: path)
    }
  }

  @Test("each missing file is named")
  func missing() throws {
    for name in names {
      let path = "\(store.path(of: 2))/\(name)"
      let original = try readBytes(path)
      try FileManager.default.removeItem(atPath: path)
      #expect(try defect("\(name) missing") == (name == "manifest.json" ? .manifestMissing : .fileMissing(name)))
      try writeBytes(original, to: path)
    }
  }

  @Test("files of another step, and a folder under another step's name, are noticed")
  func mixed() throws {
    let model = "\(store.path(of: 2))/model.safetensors"
    let original = try readBytes(model)
    try writeBytes(readBytes("\(store.path(of: 1))/model.safetensors"), to: model)
    #expect(try defect("the model of another step") == .hashDiffers(file: "model.safetensors"))
    try writeBytes(original, to: model)
    try FileManager.default.moveItem(atPath: store.path(of: 2), toPath: store.path(of: 3))
    let newest = try store.newestValid()
    #expect(newest.step == 1 && newest.passedOver.map(\.defect) == [.otherStep(found: 2, expected: 3)])
  }

  @Test("the caller may refuse valid ones, and is quoted")
  func refusing() throws {
    let newest = try store.newestValid(refusing: { $0 == 2 ? "it is of another recipe" : nil })
    #expect(newest.step == 1)
    #expect(newest.passedOver.map(\.description) == ["step 2: it is of another recipe"])
  }
}
