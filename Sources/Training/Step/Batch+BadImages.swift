import Datasets

extension Batch {
  var imageCounts: ImageCounts {
    ImageCounts(
      bad: badImageCount, goodTheSecondTime: goodTheSecondTime.count, askingForTurn: asksForTurnCount)
  }

  /// Images of this part of the step that could not be used.
  ///
  /// One that was tried in the place of another, and could not be used either, is not among them: each image has a place
  /// of its own in an epoch, where it counts, and so it counts once.
  private var badImageCount: Int {
    guard !badSamples.isEmpty else { return 0 }
    return Set(badSamples.map(\.index)).intersection(samples).count
  }
}
