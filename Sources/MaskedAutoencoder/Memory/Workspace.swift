import Compute
import VisionTransformer

/// The patches whose pixels are predicted.
public enum Painting: Sendable {
  /// Those that the encoder did not see: what training needs.
  case removed
  /// All, in the order of `Workspace.order`: for those who want to look at them.
  case all
}

/// All memory that forward and backward over a fixed number of images take, whose places a ``WorkspaceMemory`` decided.
///
/// A workspace belongs to one thread at a time.
public final class Workspace: @unchecked Sendable {
  public let imageCount: Int
  public let painting: Painting
  /// The input: normalised values, [images, C·H·W], plane after plane. The caller fills it.
  public var images: Matrix { views.images }
  /// Which patches stay visible: of each image the ones of lowest noise, [images, L]. The caller fills it.
  public var noise: Matrix { views.noise }
  /// Of each image, its patches with the visible ones first, [images, L]. Set by `MaskedAutoencoder.forward`.
  var patchOrder: MatrixView<Int> { views.patchOrder }
  /// The removed patches of each image in that order, values in the order (row, column, channel), normalised where the
  /// model asks for it: [images·removed, P·P·C]. Of the last forward pass, until backward.
  public var targets: Matrix { views.targets }
  var kept: ModelActivations { views.activations }
  var latentGradient: Matrix { views.latentGradient }
  private let views: WorkspaceViews
  private let memory: AlignedBuffer<Float>

  /// The painted patches: where the removed ones are painted, of the same shape as `targets`; otherwise
  /// [images·L, P·P·C].
  public var predictions: Matrix {
    switch kept {
    case .fp32(_, let decoder): decoder.predictions
    case .bf16(_, let decoder): decoder.predictions
    }
  }

  /// What the encoder made of the visible patches: [images·(1 + N), D], the cls token first. Of a workspace in single
  /// precision.
  public var latent: Matrix {
    guard case .fp32(let encoder, _) = kept else { preconditionFailure("the latent is not single precision") }
    return encoder.latent
  }

  /// - Parameters:
  ///   - shared: says what the workspace holds, and where.
  ///   - thread: which of its workspaces this is.
  ///   - gradient: the arena that activations may lie in, where `shared` uses it.
  public init(_ shared: WorkspaceMemory, thread: Int = 0, gradient: Vector? = nil) {
    imageCount = shared.shape.images
    painting = shared.shape.painting
    memory = AlignedBuffer(repeating: 0, count: shared.map.ownCounts[thread])
    let (own, places) = (memory.all, shared.map.places[thread])
    var sections = SectionAllocator { section in
      switch places[section] {
      case .lent(let range): gradient![range]
      case .own(let range): own[range]
      }
    }
    views = shared.shape.views(&sections)
  }

  /// A workspace that has all memory for itself; the parameters are those of `WorkspaceMemory`.
  public convenience init(
    model: ModelConfiguration, imageCount: Int, painting: Painting = .removed, precision: Precision = .fp32,
    recompute: Recompute = .none
  ) {
    self.init(
      WorkspaceMemory(
        model: model, imageCount: imageCount, painting: painting, precision: precision, recompute: recompute))
  }

  /// Fills `noise` from one array an image.
  public func fillNoise(_ values: [[Float]]) {
    precondition(values.count == imageCount && values.allSatisfy { $0.count == noise.columns }, "one noise a patch")
    for (image, row) in values.enumerated() {
      for (patch, value) in row.enumerated() { noise[image, patch] = value }
    }
  }

  /// Of each image, its patches with the visible ones first, as the last forward pass took them.
  public var order: [[Int]] { (0..<imageCount).map { patchOrder.row($0).array } }

  /// The bytes of memory of its own.
  public var byteCount: Int { memory.count * MemoryLayout<Float>.stride }
}
