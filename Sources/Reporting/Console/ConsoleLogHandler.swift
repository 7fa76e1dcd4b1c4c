import Logging

/// Writes log messages among the progress lines: what is information plainly, what is worse with its level before it.
public struct ConsoleLogHandler: LogHandler {
  public var logLevel: Logger.Level
  public var metadata: Logger.Metadata = [:]
  private let console: ConsoleProgress

  public init(console: ConsoleProgress, logLevel: Logger.Level = .info) {
    self.console = console
    self.logLevel = logLevel
  }

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  public func log(event: LogEvent) {
    let prefix = event.level >= .warning ? "\(event.level): " : ""
    console.note("\(prefix)\(event.message)")
  }
}
