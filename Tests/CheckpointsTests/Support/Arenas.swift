import Checkpoints
import Compute

/// The arenas of a small model and the layout that describes them, with a gap between two tensors.
///
/// Their memory is never given back: views do not keep their owner alive, and these are passed around a lot.
struct Arenas: Sendable {
  static let tensors = [
    CheckpointTensor(name: "cls_token", shape: [1, 1, 3], offset: 0),
    CheckpointTensor(name: "blocks.0.attn.qkv.weight", shape: [4, 3], offset: 16),
    CheckpointTensor(name: "norm.bias", shape: [2], offset: 28),
  ]
  static let layout = CheckpointLayout(
    tensors: tensors, moments: ["exp_avg", "exp_avg_sq"], arenaCount: 32)

  private let memory: Vector

  /// Every float differs, and from those of another seed.
  init(seed: Int) {
    memory = Vector(base: .allocate(capacity: 96), count: 96)
    for index in 0..<96 {
      memory[index] = Float(seed) + Float(index) / 128
    }
  }

  var parameters: Vector { memory[0..<32] }
  var moments: [Vector] { [memory[32..<64], memory[64..<96]] }
  /// As they are saved.
  var all: [Vector] { [parameters] + moments }

  func files(step: Int) -> [CheckpointFile] {
    Self.layout.files(parameters: parameters, moments: moments, state: CheckpointState(step: step))
  }
}
