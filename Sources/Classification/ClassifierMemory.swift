import Compute
import Training

/// What forward and backward of a linear classifier take for a virtual worker's images.
public final class ClassifierMemory: TaskMemory, @unchecked Sendable {
  /// [images, C·H·W].
  public let images: Matrix
  /// The class of each image.
  package let labels: VectorView<Int>
  /// [images, classes]. Used up when `logitGradients` is made of them.
  let logits: Matrix
  /// [images, classes].
  let logitGradients: Matrix
  /// Of each image, the logit of its class.
  let labelLogits: Vector
  /// Of each image's logits, and 1 / Σ e^(z − maximum).
  let maxima: Vector
  let inverseSums: Vector
  private let memory: AlignedBuffer<Float>

  package init(imageCount: Int, _ configuration: LinearClassifierConfiguration) {
    var measuring = ArenaAllocator.measuring
    _ = Self.layOut(imageCount, configuration, &measuring)
    memory = AlignedBuffer(repeating: 0, count: measuring.count)
    var allocator = ArenaAllocator(memory.all)
    (images, labels, logits, logitGradients, labelLogits, maxima, inverseSums) =
      Self.layOut(imageCount, configuration, &allocator)
  }

  static func bytes(imageCount: Int, _ configuration: LinearClassifierConfiguration) -> Int {
    var measuring = ArenaAllocator.measuring
    _ = layOut(imageCount, configuration, &measuring)
    return measuring.count * MemoryLayout<Float>.stride
  }

  private static func layOut(
    _ imageCount: Int, _ configuration: LinearClassifierConfiguration, _ allocator: inout ArenaAllocator
  ) -> (Matrix, VectorView<Int>, Matrix, Matrix, Vector, Vector, Vector) {
    // Softmax works on whole blocks of sixteen, so rows are padded.
    let stride = (configuration.classes + 15) / 16 * 16
    func rows(_ allocator: inout ArenaAllocator) -> Matrix {
      let padded = allocator.matrix(imageCount, stride)
      return padded.columns(0..<configuration.classes)
    }
    return (
      allocator.matrix(imageCount, configuration.imageValues), allocator.vector(imageCount, of: Int.self),
      rows(&allocator), rows(&allocator), allocator.vector(imageCount), allocator.vector(imageCount),
      allocator.vector(imageCount)
    )
  }
}
