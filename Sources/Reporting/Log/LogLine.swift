import Foundation

/// What can be appended to a log: a line that begins with what happened and at which step.
public protocol LogRecord: Sendable {
  /// `step`, `epoch`, or what else happened: `resume`, `bad_sample`, `checkpoint`.
  var event: String { get }
  /// The last step that was complete when it happened; 0 before the first.
  var step: Int { get }
  /// The rest of the line in the order in which it is written; names in `snake_case`.
  var fields: [LogField] { get }
}

/// A name and its value in a line of the log.
public struct LogField: Hashable, Sendable {
  public let name: String
  public let value: LogValue

  public init(_ name: String, _ value: LogValue) {
    (self.name, self.value) = (name, value)
  }
}

/// A line of the log as read back.
public struct LogLine: Hashable, Sendable {
  public let event: String
  public let step: Int
  /// Seconds since 1970 at which the line was written.
  public let time: Double?
  /// Everything else by name.
  public let values: [String: LogValue]

  /// Nil for what is not a line of a log: not a JSON object, without event or step.
  init?(json: [UInt8]) {
    guard let fields = try? LogLineParser.fields(of: json) else { return nil }
    var values = Dictionary(fields.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    guard case .text(let event)? = values.removeValue(forKey: "event"),
      case .integer(let step)? = values.removeValue(forKey: "step")
    else { return nil }
    (self.event, self.step) = (event, step)
    time = values.removeValue(forKey: "time")?.double
    self.values = values
  }

  /// The bytes of a line, line feed included.
  static func bytes(of record: some LogRecord, time: Double) -> [UInt8] {
    let fields =
      [LogField("event", .text(record.event)), LogField("step", .integer(record.step))] + record.fields
      + [LogField("time", .number(time))]
    let object = fields.map { "\(LogValue.text($0.name).json):\($0.value.json)" }.joined(separator: ",")
    return Array("{\(object)}\n".utf8)
  }
}
