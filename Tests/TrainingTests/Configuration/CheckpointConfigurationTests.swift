import Testing
import Training

struct CheckpointConfigurationTests {
  private func due(_ change: (inout CheckpointConfiguration) -> Void) -> [Int] {
    var configuration = CheckpointConfiguration()
    change(&configuration)
    return (1...12).filter { configuration.isDue(after: $0, stepsPerEpoch: 5) }
  }

  @Test func everyEpochByDefault() {
    #expect(due { _ in } == [5, 10])
  }

  @Test func byStepsByEpochsOrBoth() {
    #expect(due { $0.everyEpochs = 2 } == [10])
    #expect(due { $0.everySteps = 4 } == [4, 5, 8, 10, 12])
    #expect(
      due {
        $0.everyEpochs = nil
        $0.everySteps = 6
      } == [6, 12])
    #expect(due { $0.everyEpochs = nil } == [])
  }
}
