import Checkpoints
import Foundation
import Hashing
import TemporaryFiles
import Testing

@Suite struct DamageTests {
  private let run: TemporaryDirectory
  private let store: CheckpointStore
  private let names: [String]

  init() throws {
    run = try TemporaryDirectory()
    // Files of two pieces and more, the last of which are shorter.
    store = CheckpointStore(directory: "\(run.path)/checkpoints", pieceByteCount: 100)
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

  @Test("a checkpoint of format 1, with one hash a file, is read and compared as before")
  func formatOne() throws {
    func hash(_ bytes: [UInt8]) -> String { bytes.withUnsafeBytes { ContentHash(of: $0).hexadecimal } }
    let files = try names.filter { $0 != "manifest.json" }.map { name in
      let bytes = try readBytes("\(store.path(of: 2))/\(name)")
      return "    {\"name\": \"\(name)\", \"size\": \(bytes.count), \"xxh3\": \"\(hash(bytes))\"}"
    }
    let body =
      "{\n  \"format\": 1,\n  \"step\": 2,\n  \"files\": [\n" + files.joined(separator: ",\n") + "\n  ],\n"
    let manifest = Array((body + "  \"xxh3\": \"\(hash(Array(body.utf8)))\"\n}\n").utf8)
    try writeBytes(manifest, to: "\(store.path(of: 2))/manifest.json")
    #expect(try store.newestValid() == NewestCheckpoint(step: 2, passedOver: []))
    #expect(try Checkpoint.open(run.path).parameterHash() == Arenas.layout.parameterHash(Arenas(seed: 2).parameters))
    try everyByte()
    try everyLength()
  }

  @Test("a manifest whose own hash is right is refused when it does not say what a manifest says")
  func malformed() throws {
    let path = "\(store.path(of: 2))/manifest.json"
    let original = String(decoding: try readBytes(path), as: UTF8.self)
    let changes = [
      ("\"format\": 2", "\"format\": 3", "must be 1 or 2"), ("  \"piece_size\": 100,\n", "", "piece_size"),
      ("\"piece_size\": 100", "\"piece_size\": 0", "piece_size"),
      ("\"piece_size\": 100", "\"piece_size\": 52", "hashes"),
    ]
    for (text, replacement, word) in changes {
      #expect(original.contains(text))
      let lines = original.replacing(text, with: replacement).split(separator: "\n", omittingEmptySubsequences: false)
      let body = Array((lines.dropLast(3).joined(separator: "\n") + "\n").utf8)
      let hash = body.withUnsafeBytes { ContentHash(of: $0).hexadecimal }
      try writeBytes(body + Array("  \"xxh3\": \"\(hash)\"\n}\n".utf8), to: path)
      guard case .manifestMalformed(let reason) = try defect(replacement) else {
        Issue.record("\(replacement) was not refused as malformed")
        continue
      }
      #expect(reason.contains(word), "\(reason)")
    }
  }

  @Test("the caller may refuse valid ones, and is quoted")
  func refusing() throws {
    let newest = try store.newestValid(refusing: { $0 == 2 ? "it is of another recipe" : nil })
    #expect(newest.step == 1)
    #expect(newest.passedOver.map(\.description) == ["step 2: it is of another recipe"])
  }
}
