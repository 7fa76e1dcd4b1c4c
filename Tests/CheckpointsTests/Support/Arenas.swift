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
  static let layout = CheckpointLayout(tensors: tensors, arenaCount: 32)

  private let all: Vector

  /// Every float differs, and from those of another seed.
  init(seed: Int) {
    all = Vector(base: .allocate(capacity: 96), count: 96)
    for index in 0..<96 {
      all[index] = Float(seed) + Float(index) / 128
    }
  }

  var parameters: Vector { all[0..<32] }
  var moments: [Vector] { [all[32..<64], all[64..<96]] }

  func files(step: Int) -> [CheckpointFile] {
    Self.layout.files(parameters: parameters, moments: moments, state: CheckpointState(step: step))
  }
}
