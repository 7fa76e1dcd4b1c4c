import Compute
import Foundation
import Testing
import VisionTransformer

@testable import Classification

/// Layer-wise decay and drop path, held against timm's.
@Suite struct LayersBesideTimmTests {
  struct Fixture: Decodable {
    struct Group: Decodable {
      let rateScale: Double
      let weightDecay: Double
    }
    let layerDecay: Double
    let weightDecay: Double
    let dropPath: Double
    let parameters: [String: Group]
    /// Of each block, what attention's branch and then the MLP's is multiplied by where it is not left out.
    let branches: [[Float]]

    init() throws {
      let url = Bundle.module.bundleURL.appendingPathComponent("Fixtures/layers.json")
      self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: url))
    }
  }

  @Test func eachParameterHasTheRateAndTheDecayThatTimmGivesIt() throws {
    let fixture = try Fixture()
    let yaml = """
      model:
        image_size: 8
        patch_size: 4
        channels: 1
        classes: 3
        encoder: {width: 8, depth: \(fixture.branches.count), heads: 2}
      finetune: {layer_decay: \(fixture.layerDecay)}
      data: {path: nowhere, mean: [0.5], std: [0.25]}
      train: {batch_size: 4, weight_decay: \(fixture.weightDecay)}
      parallel: {virtual_workers: 2}
      """
    let task = try ImageClassification(ClassificationConfiguration.decode(yaml: yaml, overrides: []))
    #expect(Set(task.table.specs.map(\.name)) == Set(fixture.parameters.keys))
    for (spec, group) in zip(task.table.specs, task.parameterGroups) {
      let timm = try #require(fixture.parameters[spec.name])
      // Powers of up to five, each the product of as many factors, rounded once a factor.
      #expect(abs(group.rateScale - timm.rateScale) <= 5 * timm.rateScale.ulp, "\(spec.name)")
      #expect(group.weightDecay == timm.weightDecay, "\(spec.name)")
    }
  }

  @Test func branchesThatStayAreMadeLargerAsByTimm() throws {
    let fixture = try Fixture()
    let (blocks, images) = (fixture.branches.count, 200)
    let memory = AlignedBuffer<Float>(repeating: 0, count: 2 * blocks * images)
    defer { extendLifetime(memory) }
    let scales = BranchScales(memory.all.reshaped(rows: 2 * blocks, columns: images))
    for image in 0..<images { scales.draw(rate: fixture.dropPath, image: image, seed: 0, epoch: 0, sample: image) }
    for (row, timm) in fixture.branches.joined().enumerated() {
      let kept = Set(scales.values.row(row).array).subtracting([0])
      // timm's rates of the blocks are single, and so is its quotient.
      #expect(kept.count == 1 && abs(kept.first! - timm) <= 2 * timm.ulp, "branch \(row): \(kept), \(timm)")
      #expect((row < 2) == !scales.values.row(row).array.contains(0), "branch \(row)")
    }
  }
}
