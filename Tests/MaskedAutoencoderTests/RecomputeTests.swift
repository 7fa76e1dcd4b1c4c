import Compute
import MaskedAutoencoder
import Testing
import VisionTransformer

/// Memory for time, or for a plan, and not a bit for either.
@Suite struct RecomputeTests {
  @Test(arguments: Precision.allCases, Recompute.allCases)
  func changesNoBit(_ precision: Precision, _ recompute: Recompute) {
    for sample in ReferenceTests.Case.allCases {
      let plain = SampleModel(sample.configuration, precision: precision)
      let model = SampleModel(sample.configuration, precision: precision, recompute: recompute)
      #expect(model.forwardAndBackward() == plain.forwardAndBackward(), "\(sample)")
      #expect(model.gradient.all.array.map(\.bitPattern) == plain.gradient.all.array.map(\.bitPattern), "\(sample)")
    }
  }

  /// Backward writes the gradient where activations lie that it has used up.
  @Test(arguments: Precision.allCases, Recompute.allCases)
  func activationsInTheGradientChangeNoBit(_ precision: Precision, _ recompute: Recompute) {
    for sample in ReferenceTests.Case.allCases {
      let plain = SampleModel(sample.configuration, precision: precision)
      let model = SampleModel(
        sample.configuration, precision: precision, recompute: recompute, usesGradient: true)
      #expect(model.workspace.byteCount < plain.workspace.byteCount, "\(sample)")
      for _ in 0..<2 {
        #expect(model.forwardAndBackward() == plain.forwardAndBackward(), "\(sample)")
        #expect(model.gradient.all.array.map(\.bitPattern) == plain.gradient.all.array.map(\.bitPattern), "\(sample)")
      }
    }
  }

  @Test(arguments: Precision.allCases) func takesLessMemory(_ precision: Precision) {
    let counts = Recompute.allCases.map { recompute in
      Workspace(model: ModelConfiguration(), imageCount: 1, precision: precision, recompute: recompute).byteCount
    }
    #expect(counts[0] > counts[1] && counts[1] > counts[2], "\(counts)")
  }
}
