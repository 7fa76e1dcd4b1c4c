/// Anything else that happened: a resume, a replaced sample, a checkpoint, a rollback.
public struct EventRecord: LogRecord, Hashable {
  public var event: String
  public var step: Int
  public var fields: [LogField]

  /// - Parameter event: in `snake_case`, and none of those whose lines have their own records.
  public init(_ event: String, step: Int, _ fields: [LogField] = []) {
    precondition(
      ![StartRecord.event, StepRecord.event, EpochRecord.event, EndRecord.event].contains(event),
      "\(event) has a record of its own")
    (self.event, self.step, self.fields) = (event, step, fields)
  }
}
