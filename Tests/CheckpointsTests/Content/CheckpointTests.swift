import Checkpoints
import Compute
import Foundation
import TemporaryFiles
import Testing

@Suite struct CheckpointTests {
  private let run: TemporaryDirectory
  private let store: CheckpointStore

  init() throws {
    run = try TemporaryDirectory()
    store = CheckpointStore(directory: "\(run.path)/checkpoints")
  }

  @Test("everything that was saved is read back, bit by bit")
  func roundTrip() throws {
    var state = CheckpointState(step: 1234)
    state.task = "something else"
    state.epoch = 0.1
    state.imagesSeen = 78_976
    state.virtualWorkers = 4
    state.worldSize = 2
    state.threads = 3
    state.programVersion = "1.0"
    state.blasKernel = "Zen"
    state.configuration = "model:\n  mask_ratio: 0.75 # \"quoted\" ü\n"
    state.badSamples = 1
    let arenas = Arenas(seed: 5)
    arenas.parameters[0] = Float(bitPattern: 0x7FC0_1234)
    arenas.moments[1][28] = -0.0
    let files = Arenas.layout.files(parameters: arenas.parameters, moments: arenas.moments, state: state)
    try store.save(step: 1234, files: files)

    let checkpoint = try Checkpoint.open(run.path)
    #expect(checkpoint.state == state)
    #expect(checkpoint.model.tensors.map(\.name) == ["cls_token", "blocks.0.attn.qkv.weight", "norm.bias"])
    #expect(checkpoint.model.tensors.map(\.shape) == [[1, 1, 3], [4, 3], [2]])
    #expect(checkpoint.optimizer.tensors.first?.name == "exp_avg.cls_token")
    #expect(checkpoint.optimizer.tensors.last?.name == "exp_avg_sq.norm.bias")
    #expect(try checkpoint.parameterHash() == Arenas.layout.parameterHash(arenas.parameters))
    #expect(try checkpoint.optimizerHash() == Arenas.layout.optimizerHash(arenas.moments))

    let read = Arenas(seed: 9)
    let untouched = read.parameters[3]
    try checkpoint.read(Arenas.layout, parameters: read.parameters, moments: read.moments)
    for (found, expected) in zip([read.parameters] + read.moments, [arenas.parameters] + arenas.moments) {
      for tensor in Arenas.tensors {
        #expect(found[tensor.range].array.map(\.bitPattern) == expected[tensor.range].array.map(\.bitPattern))
      }
    }
    #expect(read.parameters[3] == untouched)
  }

  @Test("of a moment the floats of some parts can be read, and nothing else is written to")
  func partsOfAMoment() throws {
    let saved = Arenas(seed: 2)
    try store.save(step: 2, files: saved.files(step: 2))
    let checkpoint = try Checkpoint.open(run.path)
    let target = Arenas(seed: 50)
    let before = target.parameters.array
    // The end of one tensor, a gap and the start of the next; then none but the middle of one.
    let parts = [1..<18, 20..<25, 29..<29]
    try checkpoint.readMoment(1, Arenas.layout, in: parts, into: target.parameters)
    for index in 0..<32 {
      let isRead = [1, 2, 16, 17].contains(index) || (20..<25).contains(index)
      #expect(target.parameters[index] == (isRead ? saved.moments[1][index] : before[index]), "\(index)")
    }
    let other = CheckpointLayout(
      tensors: Arenas.tensors.dropLast(), moments: Arenas.layout.moments, arenaCount: 32)
    #expect(throws: CheckpointError.self) {
      try checkpoint.readMoment(1, other, in: parts, into: target.parameters)
    }
  }

  @Test("a run directory, its folder checkpoints and a checkpoint can be opened; anything else is refused")
  func paths() throws {
    for step in [1, 2] {
      try store.save(step: step, files: Arenas(seed: step).files(step: step))
    }
    for path in [run.path, run.path + "/", store.directory, store.directory + "/", store.path(of: 2)] {
      #expect(try Checkpoint.open(path).step == 2)
    }
    #expect(try Checkpoint.open(store.path(of: 1) + "/").step == 1)

    func refusal(_ path: String) -> CheckpointError? {
      #expect(throws: CheckpointError.self) { try Checkpoint.open(path) }
    }
    #expect(refusal("\(run.path)/none") == .nothingThere(path: "\(run.path)/none"))
    let file = try run.write("file", [])
    #expect(refusal(file) == .notACheckpoint(path: file))
    let empty = try TemporaryDirectory()
    #expect(refusal(empty.path) == .notACheckpoint(path: empty.path))
    try FileManager.default.createDirectory(atPath: "\(empty.path)/checkpoints", withIntermediateDirectories: false)
    #expect(refusal(empty.path) == .noValidCheckpoint(path: "\(empty.path)/checkpoints", passedOver: []))
    try FileManager.default.removeItem(atPath: "\(store.path(of: 2))/manifest.json")
    #expect(refusal(store.path(of: 2)) == .invalid(path: store.path(of: 2), .manifestMissing))
    let taken = try Checkpoint.open(run.path)
    #expect(taken.step == 1 && taken.passedOver.map(\.defect) == [.manifestMissing])
    try run.write("checkpoints/step-00000001/model.safetensors", [1])
    let sentence = try #require(refusal(run.path)).description
    #expect(sentence.contains("step 2") && sentence.contains("step 1") && sentence.contains("truncated"))
  }

  @Test("a checkpoint of another model is refused, naming the tensor")
  func otherModel() throws {
    try store.save(step: 1, files: Arenas(seed: 1).files(step: 1))
    let checkpoint = try Checkpoint.open(run.path)
    func refusal(_ tensors: [CheckpointTensor], moments: [String] = ["exp_avg", "exp_avg_sq"]) -> CheckpointError? {
      let arenas = Arenas(seed: 0)
      return #expect(throws: CheckpointError.self) {
        try checkpoint.read(
          CheckpointLayout(tensors: tensors, moments: moments, arenaCount: 32), parameters: arenas.parameters,
          moments: Array(arenas.moments.prefix(moments.count)))
      }
    }
    let model = checkpoint.model.path
    var tensors = Arenas.tensors
    #expect(refusal(Array(tensors.dropLast())) == .tensorUnexpected(path: model, tensor: "norm.bias"))
    #expect(
      refusal(tensors + [CheckpointTensor(name: "norm.weight", shape: [2], offset: 30)])
        == .tensorMissing(path: model, tensor: "norm.weight"))
    tensors[1] = CheckpointTensor(name: tensors[1].name, shape: [3, 4], offset: 16)
    #expect(
      refusal(tensors)
        == .shapeDiffers(path: model, tensor: "blocks.0.attn.qkv.weight", expected: [3, 4], found: [4, 3]))
    #expect(
      refusal(Arenas.tensors, moments: ["exp_avg"])
        == .tensorUnexpected(path: checkpoint.optimizer.path, tensor: "exp_avg_sq.cls_token"))
  }

  @Test("a state with unknown and without known keys is read; one without its step is not")
  func state() throws {
    func save(_ step: Int, _ state: String) throws {
      let files = Arenas(seed: step).files(step: step).filter { $0.name != "state.json" }
      try store.save(step: step, files: files + [CheckpointFile(name: "state.json", bytes: Array(state.utf8))])
    }
    try save(7, #"{"step": 7, "invented_later": {"a": [1]}, "world_size": 8}"#)
    let state = try Checkpoint.open(run.path).state
    #expect(state.step == 7 && state.worldSize == 8 && state.configuration.isEmpty)
    // Before there was anything else to train, a checkpoint did not say what it was of.
    #expect(state.task == "pretraining")
    for (index, bad) in [#"{"epoch": 1}"#, #"{"step": "7"}"#, "{", ""].enumerated() {
      try save(8 + index, bad)
      let error = #expect(throws: CheckpointError.self) { try Checkpoint.open(run.path) }
      guard case .stateMalformed(let path, _) = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(path == "\(store.path(of: 8 + index))/state.json")
    }
  }
}
