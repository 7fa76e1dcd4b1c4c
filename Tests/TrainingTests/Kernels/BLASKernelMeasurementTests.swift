import Compute
import Testing
import Training

struct BLASKernelMeasurementTests {
  private let all = BLASKernelName.allCases

  private func choice(_ rates: [(String, Double)], runnable: [BLASKernelName]) -> String? {
    BLASKernelMeasurement(rates: rates.map { .init(kernel: $0.0, gflops: $0.1) }).choice(runnable: runnable)
  }

  @Test func keepsOpenBLASsOwnPickUnlessAnotherIsClearlyFaster() {
    #expect(choice([("Haswell", 100), ("SkylakeX", 149), ("Zen", 90)], runnable: all) == "Haswell")
    #expect(choice([("Haswell", 100), ("SkylakeX", 151), ("Zen", 90)], runnable: all) == "SkylakeX")
    #expect(choice([("Haswell", 100), ("SkylakeX", 151), ("Cooperlake", 160)], runnable: all) == "Cooperlake")
    #expect(choice([("Haswell", 100)], runnable: all) == "Haswell")
  }

  @Test func takesOurOwnUnlessOpenBLASIsFasterByMoreThanTheyAreWorth() {
    #expect(choice([("Zen", 109), ("mae", 100)], runnable: all) == "mae")
    #expect(choice([("Zen", 111), ("mae", 100)], runnable: all) == "Zen")
    #expect(choice([("Haswell", 100), ("mae", 140), ("Cooperlake", 160)], runnable: all) == "Cooperlake")
    #expect(choice([("Haswell", 100), ("mae", 150), ("Cooperlake", 160)], runnable: all) == "mae")
    #expect(choice([("Haswell", 100), ("SkylakeX", 149), ("mae", 91)], runnable: all) == "SkylakeX")
    #expect(choice([("Cooperlake", 200), ("mae", 10)], runnable: [.own, .nehalem]) == "mae")
    let rates = [("Cooperlake", 200.0), ("mae", 100), ("Haswell", 105)]
    #expect(choice(rates, runnable: all.filter { $0 <= .zen }) == "mae")
  }

  @Test func takesWhatEveryRankCanRun() {
    let rates = [("Cooperlake", 240.0), ("SkylakeX", 230), ("Haswell", 120), ("Zen", 110)]
    #expect(choice(rates, runnable: all.filter { $0 <= .skylakeX }) == "SkylakeX")
    #expect(choice(rates, runnable: all.filter { $0 <= .zen }) == "Haswell")
    #expect(choice([("Haswell", 100), ("SkylakeX", 200)], runnable: all.filter { $0 <= .zen }) == "Haswell")
  }

  /// Kernels of other processors have no name to ask for, and every rank's library picks them by itself.
  @Test func keepsAnOwnPickThatHasNoName() {
    #expect(choice([("neoversen1", 50)], runnable: []) == "neoversen1")
  }

  @Test func saysNothingWhereNothingWasMeasuredThatAllCanRun() {
    #expect(choice([], runnable: all) == nil)
    #expect(choice([("Cooperlake", 200)], runnable: [.nehalem]) == nil)
  }
}
