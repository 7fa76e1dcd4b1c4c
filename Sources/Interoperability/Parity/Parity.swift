import Checkpoints
import Compute
import Files
import MaskedAutoencoder
import Optimization
import Parameters
import Pretraining
import Safetensors
import Training
import VisionTransformer

extension TrainedModel {
  /// Computes what another implementation computes of the same weights, images and noise, and writes it to a new
  /// safetensors file: `loss` [], `pred` [B, L, P·P·C] of all patches in the image's order, `mask` [B, L] (1 where a
  /// patch was removed), `latent` [B, 1 + N, D] (cls, then the visible patches by rising noise), and `grad.NAME` for
  /// each trained parameter. With `steps`, `losses` [steps] of as many AdamW steps and `weight.NAME` after them. Names
  /// and shapes are Hugging Face's.
  ///
  /// Loss and gradients come from the path that training takes. The learning rate of the steps is
  /// `train.base_learning_rate`, constant; the other constants of the optimiser are the configuration's too.
  ///
  /// - Parameter batch: as ``ParityBatch`` reads it.
  public func writeParity(
    batch path: String, steps: Int?, to output: String
  ) throws(InteroperabilityError) {
    let batch = try ParityBatch(path, model: configuration.model)
    if let steps, batch.noise.count > 1, batch.noise.count < steps {
      throw .batch(path: path, reason: "it has noise for \(batch.noise.count) steps, and \(steps) are asked for")
    }
    let comparison = Comparison(self, batch)
    defer { extendLifetime(comparison) }
    comparison.paint()
    comparison.differentiate(steps: steps)
    try interoperating(InteroperabilityError.file) { () throws(FileError) in
      try SafetensorsContents(comparison.results).write(to: output)
    }
  }
}

/// One comparison, and the memory of its results.
private final class Comparison {
  private(set) var results: [NamedTensor] = []
  private let trained: TrainedModel
  private let batch: ParityBatch
  private let memory = ResultMemory()

  private var model: MaskedAutoencoder { trained.model }
  private var configuration: ModelConfiguration { trained.configuration.model }
  private var table: ParameterTable { trained.model.table }

  init(_ trained: TrainedModel, _ batch: ParityBatch) {
    self.trained = trained
    self.batch = batch
  }

  /// Predictions of all patches, the mask and the latent.
  func paint() {
    let (patches, values) = (configuration.patchCount, configuration.patchValues)
    let workspace = Workspace(model: configuration, imageCount: batch.images, painting: .all)
    defer { extendLifetime(workspace) }
    fill(workspace.images)
    workspace.fillNoise(batch.noise(ofStep: 0))
    model.paint(parameters: trained.parameters.all, workspace: workspace)
    var predictions = [Float](repeating: 0, count: batch.images * patches * values)
    var mask = [Float](repeating: 0, count: batch.images * patches)
    for (image, order) in workspace.order.enumerated() {
      for (row, patch) in order.enumerated() {
        let source = workspace.predictions.row(image * patches + row)
        let start = (image * patches + patch) * values
        for index in 0..<values { predictions[start + index] = source[index] }
        mask[image * patches + patch] = row < configuration.visibleCount ? 0 : 1
      }
    }
    keep("pred", [batch.images, patches, values], predictions)
    keep("mask", [batch.images, patches], mask)
    keep(
      "latent", [batch.images, 1 + configuration.visibleCount, configuration.encoder.width],
      workspace.latent.flat.array)
  }

  /// The loss and its gradients, and as many steps of the optimiser.
  func differentiate(steps: Int?) {
    let parameters = memory.copy(of: trained.parameters.all)
    let gradient = WholeGradient(table)
    defer { extendLifetime(gradient) }
    let train = trained.configuration.train
    let optimizer = train.optimizer(of: table.optimizerGroups(weightDecay: train.weightDecay))
    let momentCount = optimizer.momentNames.count
    let moments = memory.zeros(momentCount * table.arenaCount)
      .reshaped(rows: momentCount, columns: table.arenaCount)
    let workspace = Workspace(model: configuration, imageCount: batch.images)
    defer { extendLifetime(workspace) }
    fill(workspace.images)
    var losses: [Float] = []
    for step in 0..<max(1, steps ?? 1) {
      workspace.fillNoise(batch.noise(ofStep: step))
      let loss = model.forward(parameters: parameters, workspace: workspace) / Double(batch.images)
      losses.append(Float(loss))
      model.backward(parameters: parameters, workspace: workspace, receiver: gradient)
      if step == 0 { keepGradient(gradient.all) }
      optimizer.update(
        parameters: parameters, moments: moments, momentsBegin: 0, gradient: gradient.all,
        in: 0..<table.arenaCount, step: step + 1, learningRate: train.baseLearningRate,
        gradientScale: 1 / Double(batch.images))
    }
    keep("loss", [], [losses[0]])
    guard let steps else { return }
    keep("losses", [steps], losses)
    for tensor in table.tensors(of: parameters, naming: .huggingFace) {
      results.append(NamedTensor(name: "weight.\(tensor.name)", shape: tensor.shape, values: tensor.values))
    }
  }

  /// Of the mean over the images, where the model gives that of the sum.
  private func keepGradient(_ sum: Vector) {
    let mean = memory.copy(of: sum)
    for index in 0..<mean.count { mean[index] /= Float(batch.images) }
    for tensor in table.tensors(of: mean, naming: .huggingFace) {
      results.append(NamedTensor(name: "grad.\(tensor.name)", shape: tensor.shape, values: tensor.values))
    }
  }

  private func fill(_ images: Matrix) {
    for (index, value) in batch.pixels.enumerated() { images.flat[index] = value }
  }

  private func keep(_ name: String, _ shape: [Int], _ values: [Float]) {
    results.append(NamedTensor(name: name, shape: shape, values: memory.floats(values)))
  }
}
