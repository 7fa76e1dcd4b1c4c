import Compute
import MaskedAutoencoder
import Testing

/// Memory for time, and not a bit for either.
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

  @Test(arguments: Precision.allCases) func takesLessMemory(_ precision: Precision) {
    let counts = Recompute.allCases.map { recompute in
      Workspace(model: ModelConfiguration(), imageCount: 1, precision: precision, recompute: recompute).byteCount
    }
    #expect(counts[0] > counts[1] && counts[1] > counts[2], "\(counts)")
  }
}
