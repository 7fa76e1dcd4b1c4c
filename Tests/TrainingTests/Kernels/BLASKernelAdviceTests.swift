import Compute
import Testing
import Training

struct BLASKernelAdviceTests {
  private func advice(_ rates: [(String, Double)]) -> String? {
    BLASKernelAdvice(BLASKernelMeasurement(rates: rates.map { .init(kernel: $0.0, gflops: $0.1) }))?.description
  }

  @Test func isGivenWhereOpenBLASGainsMoreThanAnOddPercent() {
    #expect(advice([("Zen", 105), ("mae", 100), ("Haswell", 90)]) == nil)
    #expect(
      advice([("Zen", 106), ("mae", 100), ("Haswell", 121)])
        == "OpenBLAS would make them 1.21 times as fast here with parallel.blas_kernel=Haswell, and bits would then belong "
        + "to this kind of CPU")
    #expect(advice([("Cooperlake", 204), ("mae", 100)])?.contains("2.04 times") == true)
  }

  /// Kernels of other processors have no name to ask for.
  @Test func namesASettingThatThereIs() {
    #expect(advice([("neoversen1", 200), ("mae", 100)])?.contains("parallel.blas_kernel=environment") == true)
  }

  @Test func isNotGivenWhereNothingWasMeasured() {
    #expect(advice([]) == nil)
    #expect(advice([("Zen", 100)]) == nil)
  }

  @Test func ourOwnAreTheDefault() {
    #expect(ParallelConfiguration().blasKernel == .named(.own))
  }
}
