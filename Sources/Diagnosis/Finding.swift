/// What a check has found.
public struct Finding: Codable, Hashable, Sendable {
  public enum Level: String, Codable, Sendable {
    case ok
    /// Training works, slower or less safely than it could.
    case warning
    /// Training does not work.
    case failure
  }

  /// What was looked at, in a word or two: "huge pages".
  public let subject: String
  public let level: Level
  /// A sentence without a full stop.
  public let found: String
  /// What to do about it; nil where all is well, or where `found` says it.
  public let advice: String?

  public static func ok(_ subject: String, _ found: String) -> Finding {
    Finding(subject: subject, level: .ok, found: found, advice: nil)
  }

  public static func warning(_ subject: String, _ found: String, do advice: String) -> Finding {
    Finding(subject: subject, level: .warning, found: found, advice: advice)
  }

  public static func failure(_ subject: String, _ found: String, do advice: String) -> Finding {
    Finding(subject: subject, level: .failure, found: found, advice: advice)
  }

  /// - Parameter found: says what to do, too.
  static func failure(_ subject: String, _ found: String) -> Finding {
    Finding(subject: subject, level: .failure, found: found, advice: nil)
  }
}
