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
        from PIL import \(pillow)

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
        from PIL import \(pillow)
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

  /// Rotation and alpha as this program treats them.
  var flattening: String {
    let data = configuration.data
    let mode = model.channels == 1 ? "L" : "RGB"
    let upright = data.exif ? "    image = ImageOps.exif_transpose(image)\n" : ""
    let laid =
      data.alpha == .drop
      ? "image" : "Image.alpha_composite(Image.new(\"RGBA\", image.size, \"\(data.alpha.rawValue)\"), image)"
    return """
      def flatten(image):
      \(upright)    image = image.convert("RGBA")
          return \(laid).convert("\(mode)")
      """
  }

  /// What of Pillow `flattening` takes.
  var pillow: String { configuration.data.exif ? "Image, ImageOps" : "Image" }

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

  /// The authors' class has one ratio of hidden width to width for both its transformers: blocks of a decoder that has
  /// another are put in by hand.
  private var decoderBlocks: String {
    let (decoder, encoder) = (model.decoder, model.encoder)
    let shared = Int(Double(decoder.width) * TimmConfiguration.truncatingRatio(encoder))
    guard !options.encoderOnly, shared != decoder.hiddenWidth else { return "" }
    return """
      model.decoder_blocks = torch.nn.ModuleList(
          models_mae.Block(
              \(decoder.width), \(decoder.heads), \(TimmConfiguration.truncatingRatio(decoder)), qkv_bias=True,
              norm_layer=norm)
          for _ in range(\(decoder.depth)))

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
      norm = functools.partial(torch.nn.LayerNorm, eps=\(model.layerNormEpsilon))
      model = models_mae.MaskedAutoencoderViT(
          img_size=\(model.imageSize.height), patch_size=\(model.patchSize), in_chans=\(model.channels),
          embed_dim=\(model.encoder.width), depth=\(model.encoder.depth), num_heads=\(model.encoder.heads),
          decoder_embed_dim=\(model.decoder.width), decoder_depth=\(model.decoder.depth),
          decoder_num_heads=\(model.decoder.heads), mlp_ratio=\(ratio),
          norm_pix_loss=\(model.normalizesPixels ? "True" : "False"), norm_layer=norm)
      \(decoderBlocks)model.load_state_dict(load_file(f"{folder}/model.safetensors")\(ending)
      """
  }
}
