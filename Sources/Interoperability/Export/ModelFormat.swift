/// Who is to read an exported folder.
public enum ModelFormat: String, CaseIterable, Sendable {
  /// transformers: `ViTMAEForPreTraining`, or with the encoder alone `ViTMAEModel` and `ViTModel`.
  case huggingFace = "hf"
  /// timm's `VisionTransformer`: always the encoder alone.
  case timm
  /// The authors' `MaskedAutoencoderViT`.
  case facebook

  var naming: TensorNaming { self == .huggingFace ? .huggingFace : .native }
}
