import Checkpoints
import Classification
import Foundation
import Reporting
import Training

/// `README.md` of an exported classifier: what it is, how to load and ask it, how it was trained.
struct ClassifierCard {
  let text: String

  init(_ classifier: TrainedClassifier, _ format: ModelFormat, _ log: [LogLine]) {
    let options = ExportOptions(format: format, encoderOnly: true)
    let images = CardImages(
      configuration: classifier.encoderRun, options: options,
      keptFraction: classifier.configuration.validation.cropFraction,
      reader: "the validation of `mae finetune`")
    var sections = [
      Self.frontMatter(format), "# Image classifier", Self.summary(classifier),
      "## Loading\n\nRun in this folder, or with `folder` set to it. `classify` gives a class's name and probability for an "
        + "image of Pillow's.\n\n```python\n\(Self.code(classifier, format, CardSnippets(configuration: classifier.encoderRun, options: options)))\n```",
    ]
    let limits = classifier.limits(of: format)
    if !limits.isEmpty { sections.append(Self.list(limits)) }
    sections += [
      "## Images\n\n\(Self.list(images.lines))", "## Training\n\n\(Self.list(Self.training(classifier, images, log)))",
      "## Recipe\n\n```yaml\n\(cardRecipe(classifier.recipe))\n```",
    ]
    text = sections.joined(separator: "\n\n") + "\n"
  }

  private static func list(_ lines: [String]) -> String { lines.map { "- \($0)" }.joined(separator: "\n") }

  private static func frontMatter(_ format: ModelFormat) -> String {
    """
    ---
    library_name: \(format == .timm ? "timm" : "transformers")
    pipeline_tag: image-classification
    tags: [masked-autoencoder, vit]
    ---
    """
  }

  private static func summary(_ classifier: TrainedClassifier) -> String {
    let (model, data) = (classifier.configuration.model, classifier.configuration.data)
    let layout = CheckpointLayout(table: classifier.table, constants: [], moments: [])
    return """
      A Vision Transformer that tells \(model.classes) classes of images apart, trained with SwiftMAE \(programVersion) as in
      He et al., [Masked Autoencoders Are Scalable Vision Learners](https://arxiv.org/abs/2111.06377), CVPR 2022.

      | | |
      |---|---|
      | input | \(model.imageSize.height) x \(model.imageSize.width) pixels, channels: \(model.channels), patches of \
      \(model.patchSize) |
      | encoder | width \(model.encoder.width), \(model.encoder.depth) blocks, \(model.encoder.heads) heads, MLP \
      \(model.encoder.hiddenWidth) |
      | head | \(model.pooling == .cls ? "of the cls token" : "of the mean of the patches' tokens, after a norm of its own") |
      | pixel mean, deviation | \(data.mean), \(data.deviation) |
      | parameters | `\(layout.parameterHash(classifier.parameters.all))` |
      """
  }

  private static func training(_ classifier: TrainedClassifier, _ images: CardImages, _ log: [LogLine]) -> [String] {
    guard classifier.step > 0 else {
      return ["No step of training was done by this program: the weights are as they were imported or drawn."]
    }
    let train = classifier.recipe.train
    let data = classifier.configuration.data.path.all.compactMap { $0.split(separator: "/").last }
    var lines = [
      "data: \(data.isEmpty ? "not recorded" : data.map { "`\($0)`" }.joined(separator: ", "))",
      "augmentation: \(images.augmentation), then what the recipe says",
      "steps: \(classifier.step) of \(train.batchSize) images each",
    ]
    if classifier.recipe.finetune.batchNorm {
      lines.append(
        "the batch normalisation of the features, by its running statistics, is part of the head's weights here")
    }
    let steps = log.compactMap(StepRecord.init).filter { $0.step <= classifier.step }
    if let last = steps.last {
      lines.append("loss of the last step: \(String(format: "%.4f", last.loss))")
    } else {
      lines.append("the run's log was not there: the loss is not known")
    }
    return lines
  }

  private static func code(
    _ classifier: TrainedClassifier, _ format: ModelFormat, _ snippets: CardSnippets
  ) -> String {
    let model = classifier.configuration.model
    guard format == .timm else {
      return """
        import torch
        from PIL import \(snippets.pillow)
        from transformers import AutoImageProcessor, ViTForImageClassification

        folder = "."  # where this file lies
        prepare = AutoImageProcessor.from_pretrained(folder, backend="pil")
        model = ViTForImageClassification.from_pretrained(folder).eval()


        \(snippets.flattening)


        def classify(image):
            with torch.no_grad():
                logits = model(prepare(flatten(image), return_tensors="pt").pixel_values).logits[0]
            best = logits.softmax(0).max(0)
            return model.config.id2label[best.indices.item()], best.values.item()
        """
    }
    let names = classifier.classNames.isEmpty ? "None" : "config[\"label_names\"]"
    return """
      import functools
      import json

      import timm
      import torch
      from PIL import \(snippets.pillow)

      folder = "."  # where this file lies
      norm = functools.partial(torch.nn.LayerNorm, eps=\(model.layerNormEpsilon))
      model = timm.create_model(f"local-dir:{folder}", pretrained=True, norm_layer=norm).eval()
      config = json.load(open(f"{folder}/config.json"))
      names = \(names) or list(range(model.num_classes))
      prepare = timm.data.create_transform(**timm.data.resolve_model_data_config(model), is_training=False)


      \(snippets.flattening)


      def classify(image):
          with torch.no_grad():
              logits = model(prepare(flatten(image))[None])[0]
          best = logits.softmax(0).max(0)
          return names[best.indices.item()], best.values.item()
      """
  }
}
