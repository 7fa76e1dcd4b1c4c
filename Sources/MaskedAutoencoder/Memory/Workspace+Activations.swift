import Compute
import VisionTransformer

extension Workspace {
  /// What the last forward pass left, in the order of its making. With `Recompute` other than none, later blocks have
  /// written over some of it.
  public var activations: [Activation] {
    let between =
      switch kept {
      case .fp32(let encoder, let decoder): encoder.all(images: imageCount) + decoder.all(images: imageCount)
      case .bf16(let encoder, let decoder): encoder.all(images: imageCount) + decoder.all(images: imageCount)
      }
    return [Activation("images", images, images: imageCount)] + between
      + [Activation("targets", targets, images: imageCount)]
  }
}

extension DecoderActivations {
  fileprivate func all(images: Int) -> [Activation] {
    [Activation("decoder_embed", embeddings, images: images)] + stack.all("decoder_blocks", images: images)
      + [Activation("decoder_norm", normOutput, images: images)]
  }
}
