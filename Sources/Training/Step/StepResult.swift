/// What one step came to. Everything but the times is the same on every rank.
public struct StepResult: Sendable {
  /// Steps done, this one included.
  public var step: Int
  /// A mean over the images of the global batch.
  public var loss: Double
  /// As the loss, each of the task's metrics.
  public var metrics: [Double] = []
  public var gradientNorm: Double
  public var learningRate: Double
  public var times = StepTimes()
  /// Over all ranks.
  public var images = ImageCounts()
  /// Whether a rank was asked to stop.
  public var stopRequested = false
  /// Whether all ranks have written their parts of a checkpoint, which then is to be committed.
  public var checkpointPartsWritten = false
  /// Why nothing was updated; nil where loss and gradient are finite.
  public var nonFinite: NonFiniteStep?
}

/// Where a step's seconds went, on this rank's first worker.
public struct StepTimes: Sendable {
  public var data = 0.0
  public var forward = 0.0
  public var backward = 0.0
  /// Waiting for other ranks: communication that backward did not hide.
  public var allreduce = 0.0
  public var optimizer = 0.0
}

/// Images of a step that something is to be said of.
public struct ImageCounts: Sendable, Equatable {
  /// Did not decode, and were replaced.
  public var bad = 0
  /// Did not decode, and did when they were read once more.
  public var goodTheSecondTime = 0
  /// Have EXIF data that asks for a turn that was not made.
  public var askingForTurn = 0
}
