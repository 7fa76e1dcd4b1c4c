import Compute
import Foundation
import Optimization
import Parameters
import Safetensors
import Testing
import VisionTransformer

/// Steps of a linear probe held against transformers' ViTModel, torch's BatchNorm1d and timm's Lars, whose results lie in
/// Fixtures (made by make_probe_oracle.py).
@Suite struct ProbeOracleTests {
  private static let steps = 5
  private static let batch = 6
  private static let classes = 19

  private static let configuration = ClassifierConfiguration(
    encoder: EncoderConfiguration(
      patches: PatchGrid(imageSize: GridSize(height: 16, width: 16), patchSize: 8, channels: 3),
      transformer: TransformerConfiguration(width: 32, depth: 2, heads: 4), layerNormEpsilon: 1e-6),
    pooling: .cls, classes: classes, trained: .nothing, normalizesBatch: true)

  /// The batch as virtual workers of so many images each.
  @Test(arguments: [6, 3, 1]) func agrees(imagesPerVirtualWorker images: Int) throws {
    let folder = try #require(Bundle.module.resourceURL)
    let file = try SafetensorsFile(path: folder.appending(path: "Fixtures/probe.safetensors").path)
    let classifier = try Classifier(Self.configuration) { table, arena in
      for spec in table.specs { try file.copyFloats(of: "weight." + spec.name, to: arena[spec.range]) }
    }
    let table = classifier.tables.trained
    let parameters = AlignedBuffer<Float>(repeating: 0, count: table.arenaCount)
    defer { extendLifetime(parameters) }
    table.initialize(parameters.all, seed: 0)
    for name in ["head.weight", "head.bias"] {
      let spec = try #require(table.specs.first { $0.name == name })
      try file.copyFloats(of: "weight." + name, to: parameters.all[spec.range])
    }
    let (pixels, labels, losses) = (
      try file.floats(of: "pixel_values"), try file.floats(of: "labels"), try file.floats(of: "losses")
    )
    let workers = (0..<Self.batch / images).map { _ in
      ClassifierWorkspace(ClassifierMemoryPlan(Self.configuration, imageCount: images))
    }
    func load(_ step: Int) {
      for (worker, workspace) in workers.enumerated() {
        for image in 0..<images {
          let place = step * Self.batch + worker * images + image
          for index in 0..<768 { workspace.images[image, index] = pixels[place * 768 + index] }
          workspace.labels[image] = Int(labels[place])
          for index in 0..<Self.classes { workspace.targets[image, index] = index == Int(labels[place]) ? 1 : 0 }
        }
      }
    }
    let optimizer = LARS(
      LARSConfiguration(),
      groups: table.specs.filter { !$0.isBuffer }.map {
        ParameterGroup(range: $0.range, weightDecay: 0, isMatrix: $0.shape.count > 1)
      })
    let moments = AlignedBuffer<Float>(repeating: 0, count: table.arenaCount)
    defer { extendLifetime(moments) }
    let gradient = AlignedBuffer<Float>(repeating: 0, count: table.arenaCount)
    defer { extendLifetime(gradient) }
    for step in 0..<Self.steps {
      load(step)
      survey(classifier, parameters.all, workers)
      clear(gradient.all)
      let loss = addGradients(of: classifier, parameters.all, workers, to: gradient.all)
      #expect(abs(loss - Double(losses[step])) <= 1e-5 * Double(losses[step]), "loss of step \(step + 1)")
      optimizer.measure(parameters: parameters.all, gradient: gradient.all, gradientScale: 1 / Double(Self.batch))
      optimizer.update(
        parameters: parameters.all, moments: moments.all.reshaped(rows: 1, columns: table.arenaCount),
        gradient: gradient.all, in: 0..<table.arenaCount, step: step + 1, learningRate: 3,
        gradientScale: 1 / Double(Self.batch))
      classifier.updateRunningStatistics(of: parameters.all, workspace: workers[0])
    }
    for spec in table.specs {
      let (mine, theirs) = (parameters.all[spec.range].array, try file.floats(of: "after." + spec.name))
      #expect(distance(mine, theirs) <= 1e-5, "\(spec.name) after \(Self.steps) steps")
    }
    load(0)
    func logits(_ classifier: Classifier) -> [Float] {
      workers.flatMap { workspace in
        classifier.classify(parameters: parameters.all, rounded: .none, workspace: workspace)
        return (0..<images).flatMap { workspace.logits.row($0).array }
      }
    }
    #expect(try distance(logits(classifier), file.floats(of: "logits")) <= 1e-5)

    // The same by a head that the normalisation is a part of.
    func place(_ name: String) throws -> Range<Int> { try #require(table.specs.first { $0.name == name }).range }
    Classifier.foldBatchNorm(
      intoWeight: parameters.all[try place("head.weight")].reshaped(rows: Self.classes, columns: 32),
      bias: parameters.all[try place("head.bias")], mean: parameters.all[try place("head_norm.running_mean")],
      variance: parameters.all[try place("head_norm.running_var")])
    var plain = Self.configuration
    plain.normalizesBatch = false
    let folded = try Classifier(plain) { table, arena in
      for spec in table.specs { try file.copyFloats(of: "weight." + spec.name, to: arena[spec.range]) }
    }
    #expect(try distance(logits(folded), file.floats(of: "logits")) <= 1e-5)
  }

  private func survey(_ classifier: Classifier, _ parameters: Vector, _ workers: [ClassifierWorkspace]) {
    let count = classifier.surveyCount
    let memory = AlignedBuffer<Double>(repeating: .nan, count: count * workers.count)
    defer { extendLifetime(memory) }
    for (worker, workspace) in workers.enumerated() {
      classifier.survey(
        parameters: parameters, rounded: .none, workspace: workspace,
        sums: memory.all[worker * count..<(worker + 1) * count])
    }
    for workspace in workers {
      classifier.take(
        { index in workers.indices.reduce(0) { $0 + memory.all[$1 * count + index] } }, ofImages: Self.batch,
        workspace: workspace)
    }
  }

  /// Adds up the workers' gradients.
  ///
  /// - Returns: the mean loss.
  private func addGradients(
    of classifier: Classifier, _ parameters: Vector, _ workers: [ClassifierWorkspace], to sum: Vector
  ) -> Double {
    let table = classifier.tables.trained
    var loss = 0.0
    for workspace in workers {
      classifier.classifyBatch(parameters: parameters, workspace: workspace)
      loss += classifier.loss(workspace).sum
      let gradient = WholeGradient(table)
      classifier.backward(parameters: parameters, rounded: .none, workspace: workspace, receiver: gradient)
      for group in table.groups {
        for place in group.range { sum[place] += gradient.all[place] }
      }
    }
    return loss / Double(Self.batch)
  }

  /// A vector's gradient keeps its length, and a matrix that is zero takes its gradient as it is.
  @Test func larsMakesTheGradientOfAMatrixAsLongAsItsWeights() {
    var configuration = LARSConfiguration()
    configuration.momentum = 0.5
    configuration.trustCoefficient = 0.1
    let groups = [
      ParameterGroup(range: 0..<2, weightDecay: 0.5), ParameterGroup(range: 2..<4, weightDecay: 0.5, isMatrix: false),
      ParameterGroup(range: 4..<6, weightDecay: 0),
    ]
    let parameters = AlignedBuffer<Float>([3, 4, 3, 4, 0, 0])
    let gradient = AlignedBuffer<Float>([9, 12, 2, 4, 6, 8])
    let moments = AlignedBuffer<Float>([0, 0, 0, 0, 2, 0])
    defer {
      extendLifetime(parameters)
      extendLifetime(gradient)
      extendLifetime(moments)
    }
    let lars = LARS(configuration, groups: groups)
    lars.measure(parameters: parameters.all, gradient: gradient.all, gradientScale: 0.5)
    lars.update(
      parameters: parameters.all, moments: moments.all.reshaped(rows: 1, columns: 6), gradient: gradient.all, in: 0..<6,
      step: 1, learningRate: 2, gradientScale: 0.5)
    // d = (4.5, 6) + 0.5 · (3, 4) = (6, 8) of length 10; weights of length 5: ratio 0.05.
    #expect(moments.all.array == [Float(0.05) * 6, Float(0.05) * 8, 1, 2, 1 + 3, 4])
    #expect(parameters.all.array == [3 - 2 * Float(0.05) * 6, 4 - 2 * Float(0.05) * 8, 1, 0, -8, -8])
  }
}
