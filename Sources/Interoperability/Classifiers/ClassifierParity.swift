import Classification
import Compute
import Files
import Safetensors
import VisionTransformer

extension TrainedClassifier {
  /// Computes what another implementation computes of the same weights and images, and writes it to a new safetensors
  /// file: `logits` [B, classes] and, where there are labels, `loss` [], the mean cross-entropy, and `grad.NAME` for each
  /// parameter. Names and shapes are Hugging Face's for a classifier by the cls token, and timm's by the mean.
  ///
  /// - Parameter path: a safetensors file with `pixel_values` [B, C, H, W] and maybe `labels` [B], as floats.
  public func writeParity(batch path: String, to output: String) throws(InteroperabilityError) {
    let batch = try ClassifierBatch(path, model: configuration.model)
    let workspace = ClassifierWorkspace(
      ClassifierMemoryPlan(classifier.configuration, imageCount: batch.images, hasBackward: batch.labels != nil))
    let memory = ResultMemory()
    defer {
      extendLifetime(workspace)
      extendLifetime(memory)
    }
    for (index, value) in batch.pixels.enumerated() { workspace.images.flat[index] = value }
    let none = parameters.all[0..<0].base
    let rounded = VectorView<BFloat16>(
      base: UnsafeMutableRawPointer(none).assumingMemoryBound(to: BFloat16.self), count: 0)
    classifier.classify(parameters: parameters.all, rounded: rounded, workspace: workspace)
    let classes = configuration.model.classes
    let logits = (0..<batch.images).flatMap { workspace.logits.row($0).array }
    var results = [NamedTensor(name: "logits", shape: [batch.images, classes], values: memory.floats(logits))]
    if let labels = batch.labels {
      for (image, label) in labels.enumerated() {
        workspace.labels[image] = label
        for index in 0..<classes { workspace.targets[image, index] = index == label ? 1 : 0 }
      }
      let loss = classifier.loss(workspace).sum / Double(batch.images)
      results.append(NamedTensor(name: "loss", shape: [], values: memory.floats([Float(loss)])))
      let gradient = WholeGradient(table)
      classifier.backward(parameters: parameters.all, rounded: rounded, workspace: workspace, receiver: gradient)
      let mean = memory.copy(of: gradient.all)
      for index in 0..<mean.count { mean[index] /= Float(batch.images) }
      let naming: TensorNaming = configuration.model.pooling == .cls ? .huggingFace : .native
      for tensor in table.tensors(of: mean, naming: naming) {
        results.append(NamedTensor(name: "grad.\(tensor.name)", shape: tensor.shape, values: tensor.values))
      }
    }
    let contents = SafetensorsContents(results)
    try interoperating(InteroperabilityError.file) { () throws(FileError) in try contents.write(to: output) }
  }
}
