import MaskedAutoencoder
import Planning
import Testing
import Training

struct StepPredictionTests {
  private let model = ModelConfiguration()  // ViT-B: 447 MB of gradients in buckets of 26 MB and more

  private func predict(
    lastBackward: Double, nodes: Int, parallel: ParallelConfiguration = ParallelConfiguration()
  ) -> StepPrediction {
    StepPrediction(
      compute: ComputeTimes(forward: 1, backward: lastBackward, optimizer: 0.1, lastBackward: lastBackward),
      model: model, parallel: parallel,
      allreduce: AllreduceModel(
        nodes: nodes, ranksPerNode: 1, network: Network(bitsPerSecond: 10e9, latencySeconds: 0),
        memoryBandwidth: .infinity))
  }

  @Test func oneNodeWaitsForNobody() {
    let alone = predict(lastBackward: 2, nodes: 1)
    #expect(alone.waiting == 0 && alone.communication == 0 && alone.efficiency == 1)
  }

  @Test func aBackwardThatTakesNoTimeHidesNothing() {
    let prediction = predict(lastBackward: 0, nodes: 2)
    #expect(prediction.communication > 0.3)
    #expect(abs(prediction.waiting - prediction.communication) < 1e-12)
  }

  /// What is left is the last bucket, which is ready when backward ends: of all that crosses at most a fifth.
  @Test func aLongBackwardHidesAllButTheLastBucket() {
    let prediction = predict(lastBackward: 100, nodes: 2)
    #expect(prediction.waiting > 0)
    #expect(prediction.waiting < 0.2 * prediction.communication)
    #expect(abs(prediction.total - (101.1 + prediction.waiting)) < 1e-9)
  }

  @Test func bfloat16HalvesWhatCrosses() {
    var parallel = ParallelConfiguration()
    parallel.gradientWire = .bf16
    let (full, half) = (predict(lastBackward: 0, nodes: 4), predict(lastBackward: 0, nodes: 4, parallel: parallel))
    #expect(abs(half.communication / full.communication - 0.5) < 1e-9)
  }

  /// As much crosses, but backward can hide only half of it.
  @Test func aDividedOptimizerGathersAfterTheUpdate() {
    var parallel = ParallelConfiguration()
    parallel.shardOptimizer = true
    let whole = predict(lastBackward: 100, nodes: 4)
    let divided = predict(lastBackward: 100, nodes: 4, parallel: parallel)
    #expect(abs(divided.communication / whole.communication - 1) < 1e-9)
    #expect(divided.waiting > 0.5 * divided.communication)
  }

  @Test func moreNodesScaleWorse() {
    let efficiencies = [1, 2, 4, 16, 64].map { predict(lastBackward: 0.3, nodes: $0).efficiency }
    #expect(efficiencies == efficiencies.sorted(by: >))
    #expect(Set(efficiencies).count == 5)
  }

  @Test(arguments: [
    ("1Gbit", 1e9), ("25gbit", 25e9), ("800Mbit", 800e6), ("2.5Gbit", 2.5e9),
  ]) func readsBandwidths(text: String, expected: Double) { #expect(bitsPerSecond(text) == expected) }

  @Test(arguments: ["", "1", "Gbit", "0Gbit", "-1Gbit", "1GB", "1.2.3Gbit"])
  func refusesOtherBandwidths(text: String) { #expect(bitsPerSecond(text) == nil) }

  @Test func readsLatencies() {
    #expect(latencySeconds("50us") == 50 * 1e-6)
    #expect(latencySeconds("1.5ms") == 1.5 * 1e-3)
    #expect(latencySeconds("50") == nil)
  }
}
