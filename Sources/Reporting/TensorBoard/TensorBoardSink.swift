import Files

/// Draws the scalars of steps, and what evaluations came to, and shows the galleries. TensorBoard drops what earlier files of a directory say about steps that come again.
public final class TensorBoardSink: RecordSink {
  private let directory: String
  private var writer: TensorBoardWriter

  /// - Parameter step: the last step that was recorded before.
  public init(directory: String, resumingAfter step: Int) throws(ReportingError) {
    self.directory = directory
    writer = try TensorBoardWriter(directory: directory, resumingAfter: step)
  }

  public func take(_ record: RunRecord) throws(ReportingError) {
    switch record {
    case .step(let step):
      for (name, value) in step.scalars { try writer.addScalar(name, value, step: step.step) }
    case .epoch(let epoch):
      for value in epoch.evaluation { try writer.addScalar(value.metric.name, value.value, step: epoch.step) }
      try addGallery(of: epoch)
    case .start, .end, .event: break
    }
  }

  /// Where there is one that is whole; one that cannot be read is missed by nobody but who looks at it.
  private func addGallery(of epoch: EpochRecord) throws(ReportingError) {
    guard let png = try? readFile("\(directory)/gallery/\(GalleryFile.name(ofEpoch: epoch.epoch))"),
      PNGHeader(png) != nil
    else { return }
    try writer.addImage("gallery", png: png, step: epoch.step)
  }

  public func rewind(to step: Int) throws(ReportingError) {
    writer = try TensorBoardWriter(directory: directory, resumingAfter: step)
  }
}
