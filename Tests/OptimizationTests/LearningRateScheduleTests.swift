import Optimization
import Testing

@Suite struct LearningRateScheduleTests {
  /// He et al.'s pre-training: 1.5e-4 for 256 images, batches of 4096, so a peak of 2.4e-3.
  static let paper = LearningRateSchedule(baseLearningRate: 1.5e-4, batchSize: 4096, warmupEpochs: 40, epochs: 800)
  static let peak = 2.4e-3

  /// (1 + cos π/4)/2 = (2 + √2)/4 after a quarter of the cosine, (1 + cos π/3)/2 = ¾ after a third.
  @Test(
    arguments: [
      (0, 0), (0.5, 3e-5), (10, 6e-4), (20, 1.2e-3), (39, 2.34e-3), (40, peak), (230, peak * 0.853_553_390_593_273_8),
      (40 + 760 / 3.0, peak * 0.75), (420, peak / 2), (610, peak * 0.146_446_609_406_726_2), (800, 0), (900, 0),
    ] as [(Double, Double)])
  func byHand(_ epoch: Double, _ rate: Double) {
    // A handful of roundings in double precision, of numbers no larger than the peak.
    #expect(abs(Self.paper.rate(at: epoch) - rate) <= 16 * 0x1p-53 * Self.peak)
  }

  @Test func risesThenFallsWithoutAJump() {
    let rates = stride(from: 0.0, through: 800, by: 0.25).map { Self.paper.rate(at: $0) }
    let top = rates.firstIndex(of: rates.max()!)!
    #expect(top == 160)
    #expect(zip(rates[0..<top], rates[1...top]).allSatisfy { $0 < $1 })
    #expect(zip(rates[top...].dropLast(), rates[top...].dropFirst()).allSatisfy { $0 > $1 })
    // A quarter of an epoch is 1/160 of the warm-up, which is steeper than the cosine anywhere.
    #expect(zip(rates, rates.dropFirst()).allSatisfy { abs($0 - $1) <= Self.peak / 160 * (1 + 1e-12) })
  }

  @Test func withoutWarmUpItStartsAtThePeak() {
    let schedule = LearningRateSchedule(baseLearningRate: 1e-3, batchSize: 64, warmupEpochs: 0, epochs: 10)
    #expect(schedule.peak == 2.5e-4)
    #expect(schedule.rate(at: 0) == 2.5e-4)
    #expect(abs(schedule.rate(at: 5) - 1.25e-4) <= 16 * 0x1p-53 * 2.5e-4)
    #expect(schedule.rate(at: 10) == 0)
  }

  @Test func warmUpOnlyNeverLeavesIt() {
    let schedule = LearningRateSchedule(baseLearningRate: 1e-3, batchSize: 256, warmupEpochs: 5, epochs: 5)
    #expect(schedule.rate(at: 2.5) == 5e-4)
    #expect(schedule.rate(at: 5) == 0)
  }
}
