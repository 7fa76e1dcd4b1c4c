import Evaluation
import Foundation
import MaskedAutoencoder
import Reporting
import Training
import VisionTransformer

/// `README.md` of an exported folder: what the model is, how it was trained as far as that is known, how to load it.
struct ModelCard {
  let text: String

  init(_ model: TrainedModel, _ options: ExportOptions) {
    let configuration = model.configuration
    var sections = [
      Self.frontMatter(options), "# Masked autoencoder", Self.summary(model, options),
      "## Loading\n\n```python\n\(Self.loading(configuration.model, options))\n```",
    ]
    let limits = model.limits(of: options)
    if !limits.isEmpty { sections.append(limits.map { "- \($0)" }.joined(separator: "\n")) }
    sections.append("## Training\n\n\(Self.training(model, options.log))")
    if let curve = Self.lossCurve(options.log, through: model.step) { sections.append("## Loss\n\n\(curve)") }
    sections.append("## Recipe\n\n```yaml\n\(configuration.yaml())```")
    text = sections.joined(separator: "\n\n") + "\n"
  }

  private static func frontMatter(_ options: ExportOptions) -> String {
    let library = options.format == .huggingFace ? "transformers" : options.format == .timm ? "timm" : "pytorch"
    return """
      ---
      library_name: \(library)
      pipeline_tag: image-feature-extraction
      tags: [masked-autoencoder, vit, self-supervised]
      ---
      """
  }

  private static func summary(_ trained: TrainedModel, _ options: ExportOptions) -> String {
    let model = trained.configuration.model
    func stack(_ stack: TransformerConfiguration) -> String {
      "width \(stack.width), \(stack.depth) blocks, \(stack.heads) heads, MLP \(stack.hiddenWidth)"
    }
    var lines = [
      "A Vision Transformer pre-trained by masked image modelling "
        + "(He et al., [Masked Autoencoders Are Scalable Vision Learners](https://arxiv.org/abs/2111.06377), CVPR 2022) "
        + "with SwiftMAE \(programVersion).", "",
      "| | |", "|---|---|",
      "| input | \(model.imageSize.height) x \(model.imageSize.width) pixels, channels: \(model.channels), "
        + "patches of \(model.patchSize) |",
      "| encoder | \(stack(model.encoder)) |",
    ]
    if !options.encoderOnly { lines.append("| decoder | \(stack(model.decoder)) |") }
    lines += [
      "| mask ratio | \(model.maskRatio) |",
      "| targets | pixels\(model.normalizesPixels ? ", each patch normalised by its own mean and deviation" : "") |",
      "| pixel mean, deviation | \(trained.configuration.data.mean), \(trained.configuration.data.deviation) |",
    ]
    return lines.joined(separator: "\n")
  }

  private static func loading(_ model: ModelConfiguration, _ options: ExportOptions) -> String {
    switch options.format {
    case .huggingFace where options.encoderOnly:
      """
      from transformers import ViTModel
      model = ViTModel.from_pretrained("PATH", add_pooling_layer=False)
      """
    case .huggingFace:
      """
      from transformers import ViTMAEForPreTraining
      model = ViTMAEForPreTraining.from_pretrained("PATH")
      """
    case .timm:
      """
      import timm
      model = timm.create_model("local-dir:PATH", pretrained=True)
      """
    case .facebook:
      """
      from safetensors.torch import load_file
      model = models_mae.MaskedAutoencoderViT(
          img_size=\(model.imageSize.height), patch_size=\(model.patchSize), in_chans=\(model.channels),
          embed_dim=\(model.encoder.width), depth=\(model.encoder.depth), num_heads=\(model.encoder.heads),
          decoder_embed_dim=\(model.decoder.width), decoder_depth=\(model.decoder.depth),
          decoder_num_heads=\(model.decoder.heads), mlp_ratio=\(model.encoder.mlpRatio),
          norm_pix_loss=\(model.normalizesPixels ? "True" : "False"),
          norm_layer=functools.partial(torch.nn.LayerNorm, eps=\(model.layerNormEpsilon)))
      model.load_state_dict(load_file("PATH/model.safetensors"))
      """
    }
  }

  private static func training(_ model: TrainedModel, _ log: [LogLine]) -> String {
    guard model.step > 0 else {
      return "No step of training was done by this program: the weights are as they were imported or drawn."
    }
    let (data, train) = (model.configuration.data, model.configuration.train)
    var lines = [
      "- data: `\(data.path.isEmpty ? "not recorded" : data.path)`",
      "- steps: \(model.step) of \(train.batchSize) images each, \(model.step * train.batchSize) images in all",
    ]
    let steps = log.compactMap(StepRecord.init).filter { $0.step <= model.step }
    if let last = steps.last {
      lines.append("- epochs: \(String(format: "%.2f", last.epoch)) of a schedule of \(train.epochs)")
      lines.append("- loss of the last step: \(String(format: "%.4f", last.loss))")
      let seconds = steps.reduce(0) { $0 + $1.stepSeconds }
      lines.append("- time in steps: \(String(format: "%.2f", seconds / 3600)) hours (\(Int(seconds.rounded())) s)")
    } else {
      lines.append("- the run's log was not there: the loss curve is not known")
    }
    return lines.joined(separator: "\n")
  }

  /// A row an epoch, or a step where no epoch was completed: at most twenty, the last among them.
  private static func lossCurve(_ log: [LogLine], through step: Int) -> String? {
    let known = log.filter { $0.step <= step }
    var points = known.compactMap(EpochRecord.init).map { (epoch: Double($0.epoch), step: $0.step, loss: $0.meanLoss) }
    if points.isEmpty {
      points = known.compactMap(StepRecord.init).map { (epoch: $0.epoch, step: $0.step, loss: $0.loss) }
    }
    guard let last = points.last else { return nil }
    let stride = (points.count + 18) / 19
    let shown = points.enumerated().filter { $0.offset % stride == 0 || $0.element.step == last.step }
    return "| epoch | step | mean loss |\n|---:|---:|---:|\n"
      + shown.map { _, point in
        "| \(String(format: "%g", point.epoch)) | \(point.step) | \(String(format: "%.4f", point.loss)) |"
      }.joined(separator: "\n")
  }
}
