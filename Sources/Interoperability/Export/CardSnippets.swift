import Evaluation
import MaskedAutoencoder
import Pretraining

/// Code of a model card. Each piece runs as it stands, by itself, in the exported folder.
struct CardSnippets {
  let configuration: PretrainingConfiguration
  let options: ExportOptions

  private var model: ModelConfiguration { configuration.model }

  /// The model as a whole.
  var loading: String {
    switch options.format {
    case .huggingFace where options.encoderOnly:
      """
      from transformers import ViTModel

      folder = "."  # where this file lies
      model = ViTModel.from_pretrained(folder, add_pooling_layer=False)
      """
    case .huggingFace:
      """
      from transformers import ViTMAEForPreTraining

      folder = "."  # where this file lies
      model = ViTMAEForPreTraining.from_pretrained(folder)
      """
    case .timm: timm
    case .facebook: authors
    }
  }

  /// A function that takes an image of Pillow's and gives the cls token, [D], that `mae embed` writes for it; nil where
  /// the other side prepares images otherwise.
  var features: String? {
    guard model.imageSize.height == model.imageSize.width, model.channels != 4 else { return nil }
    switch options.format {
    case .facebook: return nil
    case .timm:
      return """
        from PIL import Image

        \(timm)
        settings = timm.data.resolve_model_data_config(model)
        prepare = timm.data.create_transform(**settings, is_training=False)
        model.eval()


        \(flattening)


        def features(image):
            with torch.no_grad():
                return model(prepare(flatten(image))[None])[0]
        """
    case .huggingFace:
      let (type, argument) =
        options.encoderOnly ? ("ViTModel", "add_pooling_layer=False") : ("ViTMAEModel", "mask_ratio=0.0")
      return """
        import torch
        from PIL import Image
        from transformers import AutoImageProcessor, \(type)

        folder = "."  # where this file lies
        prepare = AutoImageProcessor.from_pretrained(folder, backend="pil")
        encoder = \(type).from_pretrained(folder, \(argument)).eval()


        \(flattening)


        def features(image):
            pixels = prepare(flatten(image), return_tensors="pt").pixel_values
            with torch.no_grad():
                return encoder(pixels).last_hidden_state[0, 0]
        """
    }
  }

  /// Alpha as this program treats it.
  private var flattening: String {
    """
    def flatten(image):
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("\(model.channels == 1 ? "L" : "RGB")")
    """
  }

  private var timm: String {
    """
    import functools

    import timm
    import torch

    folder = "."  # where this file lies
    norm = functools.partial(torch.nn.LayerNorm, eps=\(model.layerNormEpsilon))
    model = timm.create_model(f"local-dir:{folder}", pretrained=True, norm_layer=norm)
    """
  }

  private var authors: String {
    let ratio = TimmConfiguration.truncatingRatio(model.encoder)
    let ending = options.encoderOnly ? ", strict=False)  # the file has no decoder" : ")"
    return """
      import functools

      import torch
      from safetensors.torch import load_file

      import models_mae  # of the authors' repository, facebookresearch/mae

      folder = "."  # where this file lies
      model = models_mae.MaskedAutoencoderViT(
          img_size=\(model.imageSize.height), patch_size=\(model.patchSize), in_chans=\(model.channels),
          embed_dim=\(model.encoder.width), depth=\(model.encoder.depth), num_heads=\(model.encoder.heads),
          decoder_embed_dim=\(model.decoder.width), decoder_depth=\(model.decoder.depth),
          decoder_num_heads=\(model.decoder.heads), mlp_ratio=\(ratio),
          norm_pix_loss=\(model.normalizesPixels ? "True" : "False"),
          norm_layer=functools.partial(torch.nn.LayerNorm, eps=\(model.layerNormEpsilon)))
      model.load_state_dict(load_file(f"{folder}/model.safetensors")\(ending)
      """
  }
}
