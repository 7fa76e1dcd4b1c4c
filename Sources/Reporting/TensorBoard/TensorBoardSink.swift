/// Draws the scalars of steps, and what evaluations came to. TensorBoard drops what earlier files of a directory say about steps that come again.
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
    case .event: break
    }
  }

  public func rewind(to step: Int) throws(ReportingError) {
    writer = try TensorBoardWriter(directory: directory, resumingAfter: step)
  }
}
