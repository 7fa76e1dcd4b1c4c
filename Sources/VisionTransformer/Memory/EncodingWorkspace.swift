import Compute
import Parameters

/// The memory that one thread takes to encode whole images, nothing removed: for features, not for training.
public final class EncodingWorkspace: @unchecked Sendable {
  public let imageCount: Int
  /// The input: normalised values, [images, C·H·W], plane after plane. The caller fills it.
  public let images: Matrix
  /// Of each image, its patches as they lie: [images, L].
  private let patchOrder: MatrixView<Int>
  private let activations: EncoderActivations<Float>
  private let memory: AlignedBuffer<Float>

  /// What the encoder made of the images: [images·(1 + L), D], the cls token first, then the patches in their order.
  public var latent: Matrix { activations.latent }

  public init(_ encoder: EncoderConfiguration, imageCount: Int) {
    self.imageCount = imageCount
    var measuring = SectionAllocator.measuring
    _ = EncodingWorkspace.views(encoder, imageCount, &measuring)
    let map = MemoryMap(measuring.buffers)
    memory = AlignedBuffer(repeating: 0, count: map.ownCounts[0])
    let own = memory.all
    var sections = SectionAllocator { section in
      guard case .own(let range) = map.places[0][section] else { preconditionFailure("nothing is lent") }
      return own[range]
    }
    (images, patchOrder, activations) = EncodingWorkspace.views(encoder, imageCount, &sections)
    for image in 0..<imageCount {
      for patch in 0..<patchOrder.columns { patchOrder[image, patch] = patch }
    }
  }

  private static func views(
    _ encoder: EncoderConfiguration, _ imageCount: Int, _ sections: inout SectionAllocator
  ) -> (Matrix, MatrixView<Int>, EncoderActivations<Float>) {
    var (table, timeline) = (ParameterTable(), Timeline(hasBackward: false))
    let stages = EncoderStages(EncoderPlaces(encoder, in: &table), in: &timeline)
    let (images, patchOrder) = sections.section(during: timeline.whole) { allocator in
      (
        allocator.matrix(imageCount, encoder.patches.imageValues),
        allocator.matrix(imageCount, encoder.patches.count, of: Int.self)
      )
    }
    let activations = EncoderActivations<Float>(
      images: imageCount, seenCount: encoder.patches.count, encoder: encoder, recompute: .none, stages: stages,
      timeline: timeline, &sections)
    return (images, patchOrder, activations)
  }

  fileprivate func run(_ encoder: Encoder, _ parameters: Vector, blocks: Int) -> Matrix {
    encoder.forward(
      images: images, order: patchOrder, weights: ModelWeights(floats: parameters, stored: parameters),
      saved: activations, blocks: blocks)
  }

  fileprivate func run(_ encoder: Encoder, _ parameters: Vector) {
    encoder.forward(
      images: images, order: patchOrder, weights: ModelWeights(floats: parameters, stored: parameters),
      saved: activations)
  }
}

extension Encoder {
  /// Encodes whole images: it sees every patch. The result is `workspace.latent`.
  ///
  /// - Parameter parameters: the whole arena.
  public func encode(parameters: Vector, workspace: EncodingWorkspace) { workspace.run(self, parameters) }
  /// Encodes whole images through the first blocks alone.
  ///
  /// - Parameter blocks: how many, from none to all.
  /// - Returns: the stream behind them as it is, [images·(1 + L), D], the cls token of an image first: what transformers calls
  ///   `hidden_states[blocks]`. It is there until the workspace is used again.
  public func encode(parameters: Vector, workspace: EncodingWorkspace, blocks: Int) -> Matrix {
    precondition((0...configuration.transformer.depth).contains(blocks), "blocks that the encoder has")
    return workspace.run(self, parameters, blocks: blocks)
  }
}
