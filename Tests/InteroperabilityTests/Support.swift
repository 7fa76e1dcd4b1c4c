import Checkpoints
import Compute
import Foundation
import Interoperability
import Safetensors
import Testing

/// A file or folder of `Fixtures` (made by make_fixtures.py).
func fixture(_ name: String) -> String {
  Bundle.module.bundleURL.appending(path: "Fixtures/\(name)").path
}

/// A folder of its own for a test, gone when the test is done.
final class TemporaryFolder {
  let path: String

  init() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "mae-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    path = folder.path
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }
}

/// A tensor as it lies in a file.
struct StoredTensor: Equatable {
  let shape: [Int]
  let type: TensorType
  let bytes: [UInt8]
}

/// All tensors of a safetensors file or folder, bit by bit.
func storedTensors(_ path: String) throws -> [String: StoredTensor] {
  var tensors: [String: StoredTensor] = [:]
  for file in try SafetensorsModel(path: path).files {
    for tensor in file.tensors {
      tensors[tensor.name] = StoredTensor(
        shape: tensor.shape, type: tensor.type, bytes: file.withBytes(of: tensor) { Array($0) })
    }
  }
  return tensors
}

/// Writes float tensors to a new file.
func write(_ tensors: [(name: String, shape: [Int], values: [Float])], to path: String) throws {
  let memory = AlignedBuffer<Float>(tensors.flatMap(\.values))
  var start = 0
  var named: [NamedTensor] = []
  for tensor in tensors {
    named.append(
      NamedTensor(
        name: tensor.name, shape: tensor.shape, values: memory.all[start..<start + tensor.values.count]))
    start += tensor.values.count
  }
  try SafetensorsContents(named).write(to: path)
  extendLifetime(memory)
}

/// The float tensors of the folder `path`, changed, as a new folder with the same configuration.
func copyModel(
  _ path: String, to folder: String,
  changing change: (inout [(name: String, shape: [Int], values: [Float])]) -> Void
) throws {
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  let model = try SafetensorsModel(path: path)
  var tensors = try model.tensors.map { (name: $0.name, shape: $0.shape, values: try model.floats(of: $0.name)) }
  change(&tensors)
  try write(tensors, to: "\(folder)/model.safetensors")
  for name in ["config.json", "preprocessor_config.json"]
  where FileManager.default.fileExists(atPath: "\(path)/\(name)") {
    try FileManager.default.copyItem(atPath: "\(path)/\(name)", toPath: "\(folder)/\(name)")
  }
}

/// ‖a − b‖ / ‖b‖.
func distance(_ a: [Float], _ b: [Float]) -> Double {
  precondition(a.count == b.count)
  let squares = zip(a, b).reduce(0.0) { $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1)) }
  return squares.squareRoot() / b.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
}

/// The sentence of the error that `body` ends in.
func sentence<Value>(_ body: () throws -> Value) throws -> String {
  let error = #expect(throws: (any Error).self) { _ = try body() }
  return try "\(#require(error))"
}
