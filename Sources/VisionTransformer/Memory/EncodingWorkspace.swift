import Compute
import Parameters

/// The memory that one thread takes to encode whole images, nothing removed: for features, not for training.
public final class EncodingWorkspace: @unchecked Sendable {
  public let imageCount: Int
  private let views: Views
  private let memory: AlignedBuffer<Float>

  private struct Views {
    enum Saved {
      case fp32(EncoderActivations<Float>)
      case bf16(EncoderActivations<BFloat16>)
    }

    let images: Matrix
    /// Of each image, its patches as they lie: [images, L].
    let patchOrder: MatrixView<Int>
    let saved: Saved
    let latent: Matrix
  }

  /// The input: normalised values, [images, C·H·W], plane after plane. The caller fills it.
  public var images: Matrix { views.images }
  /// What the encoder made of the images: [images·(1 + L), D], the cls token first, then the patches in their order.
  public var latent: Matrix { views.latent }

  public init(_ encoder: EncoderConfiguration, imageCount: Int, precision: Precision = .fp32) {
    self.imageCount = imageCount
    var measuring = SectionAllocator.measuring
    _ = EncodingWorkspace.views(encoder, imageCount, precision, &measuring)
    let map = MemoryMap(measuring.buffers)
    memory = AlignedBuffer(repeating: 0, count: map.ownCounts[0])
    let own = memory.all
    var sections = SectionAllocator { section in
      guard case .own(let range) = map.places[0][section] else { preconditionFailure("nothing is lent") }
      return own[range]
    }
    views = EncodingWorkspace.views(encoder, imageCount, precision, &sections)
    for image in 0..<imageCount {
      for patch in 0..<views.patchOrder.columns { views.patchOrder[image, patch] = patch }
    }
  }

  private static func views(
    _ encoder: EncoderConfiguration, _ imageCount: Int, _ precision: Precision, _ sections: inout SectionAllocator
  ) -> Views {
    var (table, timeline) = (ParameterTable(), Timeline(hasBackward: false))
    let stages = EncoderStages(EncoderPlaces(encoder, in: &table), in: &timeline)
    let (images, patchOrder) = sections.section(during: timeline.whole) { allocator in
      (
        allocator.matrix(imageCount, encoder.patches.imageValues),
        allocator.matrix(imageCount, encoder.patches.count, of: Int.self)
      )
    }
    func activations<Element: StoredElement>() -> EncoderActivations<Element> {
      EncoderActivations(
        images: imageCount, seenCount: encoder.patches.count, encoder: encoder, recompute: .none, stages: stages,
        timeline: timeline, &sections)
    }
    switch precision {
    case .fp32:
      let saved: EncoderActivations<Float> = activations()
      return Views(images: images, patchOrder: patchOrder, saved: .fp32(saved), latent: saved.latent)
    case .bf16:
      let saved: EncoderActivations<BFloat16> = activations()
      let latent = sections.section(during: timeline.whole) { allocator in
        allocator.matrix(saved.latent.rows, saved.latent.columns)
      }
      return Views(images: images, patchOrder: patchOrder, saved: .bf16(saved), latent: latent)
    }
  }

  fileprivate func run(_ encoder: Encoder, _ weights: EncodingWeights, blocks: Int) -> Matrix {
    switch views.saved {
    case .fp32(let saved):
      encoder.forward(
        images: images, order: views.patchOrder, weights: weights.floats, saved: saved, blocks: blocks)
    case .bf16(let saved):
      encoder.forward(
        images: images, order: views.patchOrder, weights: weights.rounded, saved: saved, blocks: blocks)
    }
  }

  fileprivate func run(_ encoder: Encoder, _ weights: EncodingWeights) {
    switch views.saved {
    case .fp32(let saved):
      encoder.forward(images: images, order: views.patchOrder, weights: weights.floats, saved: saved)
    case .bf16(let saved):
      encoder.forward(images: images, order: views.patchOrder, weights: weights.rounded, saved: saved)
      convert(output: latent.flat, input: saved.latent.flat)
    }
  }
}

/// The parameters that whole images are encoded with.
public struct EncodingWeights: Sendable {
  private let parameters: Vector
  private let bfloats: VectorView<BFloat16>?

  /// - Parameters:
  ///   - parameters: the whole arena.
  ///   - rounded: the same in bfloat16, for workspaces in that precision.
  public init(_ parameters: Vector, rounded: VectorView<BFloat16>? = nil) {
    (self.parameters, bfloats) = (parameters, rounded)
  }

  fileprivate var floats: ModelWeights<Float> { ModelWeights(floats: parameters, stored: parameters) }
  fileprivate var rounded: ModelWeights<BFloat16> {
    guard let bfloats else { preconditionFailure("a workspace in bfloat16 takes rounded parameters") }
    return ModelWeights(floats: parameters, stored: bfloats)
  }
}

extension Encoder {
  /// Encodes whole images: it sees every patch. The result is `workspace.latent`.
  public func encode(_ weights: EncodingWeights, workspace: EncodingWorkspace) { workspace.run(self, weights) }

  /// Encodes whole images through the first blocks alone.
  ///
  /// - Parameter blocks: how many, from none to all.
  /// - Returns: the stream behind them as it is, [images·(1 + L), D], the cls token of an image first: what transformers calls
  ///   `hidden_states[blocks]`. It is there until the workspace is used again.
  public func encode(_ weights: EncodingWeights, workspace: EncodingWorkspace, blocks: Int) -> Matrix {
    precondition((0...configuration.transformer.depth).contains(blocks), "blocks that the encoder has")
    return workspace.run(self, weights, blocks: blocks)
  }

  /// Puts vectors through the last norm in place: those of a classifier that pools tokens first and normalises then.
  ///
  /// - Parameter vectors: [vectors, D].
  public func normalize(_ vectors: Matrix, _ weights: EncodingWeights) {
    let statistics = AlignedBuffer<Float>(repeating: 0, count: 2 * vectors.rows)
    defer { extendLifetime(statistics) }
    layerNormForward(
      output: vectors, mean: statistics.all[0..<vectors.rows],
      inverseDeviation: statistics.all[vectors.rows..<2 * vectors.rows], input: vectors,
      weight: weights.floats[places.norm.weight], bias: weights.floats[places.norm.bias],
      epsilon: Float(configuration.layerNormEpsilon))
  }
}
