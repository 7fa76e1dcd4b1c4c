import Compute
import Foundation
import Optimization
import Parameters
import Safetensors
import Testing
import VisionTransformer

/// Logits, loss, gradients and ten fine-tuning steps held against transformers' ViTForImageClassification, torch's
/// cross-entropy and torch's AdamW, whose results lie in Fixtures (made by make_classifier_oracle.py).
@Suite struct ClassifierOracleTests {
  enum Oracle: String, CaseIterable, Sendable {
    case cls
    case mean

    var classifier: ClassifierConfiguration {
      let encoder: EncoderConfiguration =
        switch self {
        case .cls:
          EncoderConfiguration(
            patches: PatchGrid(imageSize: GridSize(height: 16, width: 16), patchSize: 8, channels: 3),
            transformer: TransformerConfiguration(width: 32, depth: 2, heads: 4), layerNormEpsilon: 1e-6)
        case .mean:
          EncoderConfiguration(
            patches: PatchGrid(imageSize: GridSize(height: 21, width: 21), patchSize: 7, channels: 1),
            transformer: TransformerConfiguration(width: 20, depth: 3, heads: 5, mlpRatio: 1.5), layerNormEpsilon: 1e-6)
        }
      return ClassifierConfiguration(encoder: encoder, pooling: self == .cls ? .cls : .mean, classes: 19)
    }

    func open() throws -> SafetensorsFile {
      let folder = try #require(Bundle.module.resourceURL)
      return try SafetensorsFile(path: folder.appending(path: "Fixtures/classifier_\(rawValue).safetensors").path)
    }
  }

  @Test(arguments: Oracle.allCases) func agrees(with oracle: Oracle) throws {
    let file = try oracle.open()
    let classifier = try Classifier(oracle.classifier)
    let table = classifier.tables.trained
    let parameters = try file.arena(of: table, prefix: "weight.")
    defer { extendLifetime(parameters) }
    let images = try file.tensor(named: "pixel_values").shape[0]
    let workspace = ClassifierWorkspace(ClassifierMemoryPlan(oracle.classifier, imageCount: images))
    try file.copyFloats(of: "pixel_values", to: workspace.images.flat)
    let (targets, scales) = (try file.floats(of: "targets"), try file.floats(of: "scales"))
    let losses = try file.floats(of: "losses")
    let gradient = WholeGradient(table)
    let moments = AlignedBuffer<Float>(repeating: 0, count: 2 * table.arenaCount)
    defer { extendLifetime(moments) }
    let optimizer = fineTuningOptimizer(table, depth: oracle.classifier.encoder.transformer.depth)
    for step in losses.indices {
      workspace.targets.flat.fill(targets, part: step)
      workspace.branches.values.flat.fill(scales, part: step)
      classifier.classify(parameters: parameters.all, rounded: .none, workspace: workspace, dropsPaths: true)
      if step == 0 {
        let logits = (0..<images).flatMap { workspace.logits.row($0).array }
        #expect(try distance(logits, file.floats(of: "logits")) <= 1e-5)
      }
      let loss = classifier.loss(workspace).sum / Double(images)
      #expect(abs(loss - Double(losses[step])) <= 1e-5 * Double(losses[step]), "loss of step \(step + 1)")
      classifier.backward(
        parameters: parameters.all, rounded: .none, workspace: workspace, dropsPaths: true, receiver: gradient)
      if step == 0 {
        for spec in table.specs {
          let mine = gradient.all[spec.range].array.map { $0 / Float(images) }
          #expect(try distance(mine, file.floats(of: "grad." + spec.name)) <= 1e-4, "gradient of \(spec.name)")
        }
      }
      optimizer.update(
        parameters: parameters.all, moments: moments.all.reshaped(rows: 2, columns: table.arenaCount),
        gradient: gradient.all, in: 0..<table.arenaCount, step: step + 1, learningRate: 1e-3,
        gradientScale: 1 / Double(images))
    }
    for spec in table.specs {
      var (mine, theirs) = (parameters.all[spec.range].array, try file.floats(of: "after." + spec.name))
      if spec.name.hasSuffix("qkv.bias") {
        // The gradient of a key's bias is zero but for rounding, and AdamW makes a whole step of its sign.
        let keys = mine.count / 3..<2 * mine.count / 3
        mine.removeSubrange(keys)
        theirs.removeSubrange(keys)
      }
      #expect(distance(mine, theirs) <= 1e-4, "\(spec.name) after ten steps")
    }
  }

  /// What is trained has the bits that it has where all is trained, and what is not has no place in the gradient.
  @Test(arguments: [TrainedPart.lastBlocks(2), .lastBlocks(1), .lastMLP, .nothing], [Recompute.none, .mlp, .block])
  func partsHaveTheGradientOfTheWhole(part: TrainedPart, recompute: Recompute) throws {
    let file = try Oracle.mean.open()
    let whole = Oracle.mean.classifier
    var some = whole
    some.trained = part
    let images = 4
    func gradient(_ configuration: ClassifierConfiguration) throws -> [String: [Float]] {
      let classifier = try Classifier(configuration) { table, arena in
        for spec in table.specs { try file.copyFloats(of: "weight." + spec.name, to: arena[spec.range]) }
      }
      let table = classifier.tables.trained
      let parameters = try file.arena(of: table, prefix: "weight.")
      defer { extendLifetime(parameters) }
      let gradient = WholeGradient(table)
      let plan = ClassifierMemoryPlan(configuration, imageCount: images, recompute: recompute, usesGradient: true)
      let workspace = ClassifierWorkspace(plan, gradient: gradient.all)
      try file.copyFloats(of: "pixel_values", to: workspace.images.flat)
      workspace.targets.flat.fill(try file.floats(of: "targets"), part: 0)
      workspace.branches.values.flat.fill(try file.floats(of: "scales"), part: 0)
      classifier.classify(parameters: parameters.all, rounded: .none, workspace: workspace, dropsPaths: true)
      _ = classifier.loss(workspace)
      classifier.backward(
        parameters: parameters.all, rounded: .none, workspace: workspace, dropsPaths: true, receiver: gradient)
      return Dictionary(uniqueKeysWithValues: table.specs.map { ($0.name, gradient.all[$0.range].array) })
    }
    let (all, found) = (try gradient(whole), try gradient(some))
    let names: Set<String> =
      switch part {
      case .nothing: ["head.weight", "head.bias"]
      case .lastMLP: Set(all.keys.filter { $0.contains(/^blocks\.2\.(norm2|mlp)|^head|^fc_norm/) })
      case .lastBlocks(let count):
        Set(all.keys.filter { $0.contains(count == 2 ? /^blocks\.[12]|^head|^fc_norm/ : /^blocks\.2|^head|^fc_norm/) })
      case .everything: Set(all.keys)
      }
    #expect(Set(found.keys) == names)
    for name in names { #expect(found[name] == all[name], "\(name)") }
  }

  /// A frozen part keeps no activations: the memory of a head alone is a small part of the whole's.
  @Test func frozenPartsTakeLittleMemory() {
    func bytes(_ part: TrainedPart) -> Int {
      var classifier = Oracle.mean.classifier
      classifier.encoder.transformer.depth = 12
      classifier.trained = part
      return ClassifierMemoryPlan(classifier, imageCount: 4).ownBytes
    }
    #expect(bytes(.nothing) * 4 < bytes(.everything))
    #expect(bytes(.nothing) < bytes(.lastMLP) && bytes(.lastBlocks(1)) < bytes(.lastBlocks(6)))
  }

  @Test func branchesAreLeftOutAsOftenAsTheyShouldBe() {
    let (depth, images) = (5, 4000)
    let memory = AlignedBuffer<Float>(repeating: 0, count: 2 * depth * images)
    defer { extendLifetime(memory) }
    let scales = BranchScales(memory.all.reshaped(rows: 2 * depth, columns: images))
    for image in 0..<images { scales.draw(rate: 0.4, image: image, seed: 3, epoch: 1, sample: image) }
    for block in 0..<depth {
      let kept = 1 - 0.1 * Double(block)
      for branch in 2 * block...2 * block + 1 {
        let row = scales.values.row(branch).array
        #expect(row.allSatisfy { $0 == 0 || $0 == Float(1 / kept) })
        let found = Double(row.count { $0 != 0 }) / Double(images)
        // Five deviations of a binomial distribution.
        #expect(abs(found - kept) <= 5 * (kept * (1 - kept) / Double(images)).squareRoot(), "branch \(branch)")
      }
    }
    #expect(scales.values.row(8).array != scales.values.row(9).array)
  }

  private func fineTuningOptimizer(_ table: ParameterTable, depth: Int) -> AdamW {
    var constants = AdamWConfiguration()
    constants.beta2 = 0.999
    return AdamW(
      constants,
      groups: table.specs.map { spec in
        ParameterGroup(
          range: spec.range, weightDecay: spec.isDecayed && spec.name != "cls_token" ? 0.05 : 0,
          rateScale: pow(0.65, Double(depth + 1 - spec.layer)))
      })
  }
}

extension SafetensorsFile {
  /// An arena with the tensors of a table.
  fileprivate func arena(of table: ParameterTable, prefix: String) throws -> AlignedBuffer<Float> {
    let arena = AlignedBuffer<Float>(repeating: 0, count: table.arenaCount)
    for spec in table.specs { try copyFloats(of: prefix + spec.name, to: arena.all[spec.range]) }
    return arena
  }
}

extension VectorView<Float> {
  /// Takes one of several parts, of this vector's length each.
  fileprivate func fill(_ values: [Float], part: Int) {
    for index in 0..<count { self[index] = values[part * count + index] }
  }
}
