import Checkpoints
import Foundation
import TemporaryFiles
import Testing

@Suite struct CheckpointStoreTests {
  private let run: TemporaryDirectory
  private let recorder = RecordingFileSystem()
  private let store: CheckpointStore

  init() throws {
    run = try TemporaryDirectory()
    store = CheckpointStore(directory: "\(run.path)/checkpoints", fileSystem: recorder)
  }

  private func save(_ steps: Int...) throws {
    for step in steps {
      try store.save(step: step, files: Arenas(seed: step).files(step: step))
    }
  }

  private func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: store.directory).sorted()
  }

  @Test("a store that does not exist yet is empty")
  func empty() throws {
    #expect(try store.steps().isEmpty)
    #expect(try store.newestValid() == NewestCheckpoint(step: nil, passedOver: []))
    #expect(try store.removeHalfWritten().isEmpty)
    #expect(try store.prune(CheckpointRetention(keepLast: 1)).isEmpty)
  }

  @Test("steps are found in order, other names are left alone")
  func order() throws {
    try save(9, 123_456_789, 10)
    try FileManager.default.createDirectory(atPath: "\(store.directory)/step-11", withIntermediateDirectories: false)
    try run.write("checkpoints/step-00000012.txt", [])
    #expect(try store.steps() == [9, 10, 123_456_789])
    #expect(try names().first == "step-00000009")
    #expect(try store.newestValid().step == 123_456_789)
  }

  @Test("saving a step again changes nothing when it is valid and replaces it when it is not")
  func again() throws {
    try save(1)
    recorder.forget()
    #expect(try store.save(step: 1, files: []) == .alreadyThere)
    #expect(recorder.operations.isEmpty)

    try run.write("checkpoints/step-00000001/state.json", Array("{}".utf8))
    guard case .saved(let byteCount) = try store.save(step: 1, files: Arenas(seed: 1).files(step: 1)) else {
      Issue.record("an invalid checkpoint was taken for a valid one")
      return
    }
    let sizes = try FileManager.default.contentsOfDirectory(atPath: store.path(of: 1)).map {
      try readBytes("\(store.path(of: 1))/\($0)").count
    }
    #expect(byteCount == sizes.reduce(0, +))
    try store.verify(step: 1)
    #expect(try names() == ["step-00000001"])
  }

  @Test("whichever operation of a save finds the disk full, the error says so and the older checkpoint stays")
  func diskFull() throws {
    try save(1)
    recorder.forget()
    try save(2)
    let count = recorder.operations.count
    try FileManager.default.removeItem(atPath: store.path(of: 2))
    for once in [true, false] {
      for allowed in 0..<count {
        recorder.forget()
        recorder.fail(after: allowed, with: ENOSPC, once: once)
        let error = #expect(throws: CheckpointError.self) { try save(2) }
        guard case .notSaved(2, nil, let cause) = error else {
          Issue.record("\(String(describing: error))")
          continue
        }
        #expect(cause.isDiskFull && error!.description.contains("No space left on device"))
        #expect(cause.path.hasPrefix(store.directory))
        // Only the last fsync fails after the new one has its name.
        let isNamed = allowed == count - 1
        #expect(try names() == (isNamed ? ["step-00000001", "step-00000002"] : ["step-00000001"]))
        #expect(try store.newestValid().step == (isNamed ? 2 : 1))
        recorder.forget()
        try save(2)
        #expect(try store.newestValid() == NewestCheckpoint(step: 2, passedOver: []))
        try FileManager.default.removeItem(atPath: store.path(of: 2))
      }
    }
  }

  @Test("a file size limit of the kernel's makes a short write, then an error; nothing is left behind")
  func realLimit() async {
    await #expect(processExitsWith: .success) {
      let run = try TemporaryDirectory()
      let store = CheckpointStore(directory: "\(run.path)/checkpoints")
      try store.save(step: 1, files: Arenas(seed: 1).files(step: 1))
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 100_000, rlim_max: rlim_t.max)
      #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
      let large = CheckpointFile(name: "large", bytes: [UInt8](repeating: 1, count: 150_000))
      let error = #expect(throws: CheckpointError.self) { try store.save(step: 2, files: [large]) }
      guard case .notSaved(2, nil, let cause) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(cause.call == .pwrite && cause.code == EFBIG && cause.path.hasSuffix("/large"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: store.directory) == ["step-00000001"])

      limit.rlim_cur = 150_000
      #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
      try store.save(step: 2, files: [large])
      #expect(try store.newestValid().step == 2)
    }
  }

  @Test("what was left half done is removed, and nothing else")
  func removeHalfWritten() throws {
    try save(1)
    for name in [".step-00000002.tmp-0123abcd", ".step-00000001.removed-0123abcd", ".notes", "mine"] {
      try FileManager.default.createDirectory(
        atPath: "\(store.directory)/\(name)/inner", withIntermediateDirectories: true)
      try run.write("checkpoints/\(name)/inner/file", [1])
    }
    let removed = try store.removeHalfWritten()
    #expect(removed == [".step-00000001.removed-0123abcd", ".step-00000002.tmp-0123abcd"])
    #expect(try names() == [".notes", "mine", "step-00000001"])
  }

  @Test("links are removed, not what they lead to")
  func links() throws {
    try save(1)
    let outside = try run.write("precious", [1])
    let half = "\(store.directory)/.step-00000002.tmp-0123abcd"
    try FileManager.default.createDirectory(atPath: half, withIntermediateDirectories: false)
    try FileManager.default.createSymbolicLink(atPath: "\(half)/link", withDestinationPath: outside)
    try FileManager.default.createSymbolicLink(atPath: "\(half)/folder", withDestinationPath: run.path)
    try store.removeHalfWritten()
    #expect(try readBytes(outside) == [1])
    #expect(try names() == ["step-00000001"])
  }
}
