import Datasets
import Testing

@Suite struct BatchOrderTests {
  @Test func anEpochTakesEverySampleAtMostOnceAndDropsTheIncompleteBatch() throws {
    let batches = try BatchOrder(sampleCount: 23, batchSize: 5, seed: 9)
    #expect(batches.stepsPerEpoch == 4)
    for epoch in 0..<3 {
      let order = EpochOrder(count: 23, seed: 9, epoch: epoch)
      var taken: [Int] = []
      for step in epoch * 4..<(epoch + 1) * 4 {
        #expect(batches.epoch(ofStep: step) == epoch)
        taken += (0..<5).map { batches.sample(step: step, index: $0) }
      }
      #expect(taken == (0..<20).map { order[$0] })
      #expect(Set(taken).count == 20)
    }
  }

  @Test func aSetSmallerThanABatchIsRefused() {
    let error = #expect(throws: DatasetError.self) { try BatchOrder(sampleCount: 7, batchSize: 8, seed: 0) }
    #expect(
      error?.description == "the data set has 7 images, fewer than one batch of 8: lower train.batch_size")
  }
}
