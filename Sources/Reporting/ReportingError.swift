import Files
import Foundation

/// Why something could not be reported. `description` is one sentence with the file and the system's reason.
public enum ReportingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The system refused; `action` goes behind "cannot": "write", "open".
  case system(action: String, path: String, reason: String)
  /// A file could not be read or written.
  case file(FileError)
  /// A new log was asked for where one with content is.
  case logExists(path: String)

  public var description: String {
    switch self {
    case .system(let action, let path, let reason): "cannot \(action) \"\(escaped(path))\": \(reason)"
    case .file(let error): error.description
    case .logExists(let path):
      "\"\(escaped(path))\" already holds the log of a run; resume that run or take another run directory"
    }
  }

  /// Made right behind the call that failed, since it reads `errno`.
  static func lastSystemError(_ action: String, _ path: String) -> ReportingError {
    .system(action: action, path: path, reason: String(cString: strerror(errno)).lowercased())
  }
}

/// Runs `body` and passes its error on as this module's.
func reporting<Value>(_ body: () throws(FileError) -> Value) throws(ReportingError) -> Value {
  do {
    return try body()
  } catch {
    throw .file(error)
  }
}
