import Checkpoints
import Foundation
import MaskedAutoencoder
import Pretraining
import Reporting
import Training
import VisionTransformer

/// `README.md` of an exported folder: what the model is, how it was trained as far as that is known, how to load it.
struct ModelCard {
  let text: String

  init(_ model: TrainedModel, _ options: ExportOptions) {
    let configuration = model.configuration
    let snippets = CardSnippets(configuration: configuration, options: options)
    var sections = [
      Self.frontMatter(options), "# Masked autoencoder", Self.summary(model, options),
      "## Loading\n\nRun in this folder, or with `folder` set to it:", Self.python(snippets.loading),
    ]
    let limits = model.limits(of: options)
    if !limits.isEmpty { sections.append(Self.list(limits)) }
    sections.append("## Features and images")
    if let features = snippets.features { sections.append(Self.python(features)) }
    sections.append(Self.list(CardImages(configuration: configuration, options: options).lines))
    sections.append("## Training\n\n\(Self.training(model, options))")
    if let curve = Self.lossCurve(options.log, through: model.step) { sections.append("## Loss\n\n\(curve)") }
    sections.append("## Recipe\n\n```yaml\n\(cardRecipe(configuration))\n```")
    text = sections.joined(separator: "\n\n") + "\n"
  }

  private static func python(_ code: String) -> String { "```python\n\(code)\n```" }

  private static func list(_ lines: [String]) -> String { lines.map { "- \($0)" }.joined(separator: "\n") }

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
      "| parameters | `\(CheckpointLayout(trained.model).parameterHash(trained.parameters.all))`, the hash that "
        + "`mae inspect` prints |",
    ]
    return lines.joined(separator: "\n")
  }

  private static func training(_ model: TrainedModel, _ options: ExportOptions) -> String {
    guard model.step > 0 else {
      return "No step of training was done by this program: the weights are as they were imported or drawn."
    }
    let train = model.configuration.train
    // Where it lay on that machine is nobody's business; what it was called says what it was.
    let data = model.configuration.data.path.all.compactMap { $0.split(separator: "/").last }
    var lines = [
      "- data: \(data.isEmpty ? "not recorded" : data.map { "`\($0)`" }.joined(separator: ", "))",
      "- augmentation: \(CardImages(configuration: model.configuration, options: options).augmentation)",
      "- steps: \(model.step) of \(train.batchSize) images each, \(model.step * train.batchSize) images in all",
    ]
    let steps = options.log.compactMap(StepRecord.init).filter { $0.step <= model.step }
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
