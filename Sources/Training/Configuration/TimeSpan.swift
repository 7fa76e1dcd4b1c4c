import Configuration

/// A length of time as people write it for queues: `23h50m`, `90s`, `2d`, or a number of seconds.
public struct TimeSpan: ConfigurationValue, Comparable {
  public var seconds: Int

  public init(seconds: Int) {
    self.seconds = seconds
  }

  public static let expectation = "a length of time such as 23h50m, or a number of seconds"
  public static let schema = JSONValue.any(of: [String.schema, UInt64.schema])

  public init(configuration node: ConfigurationNode) throws(ConfigurationMismatch) {
    let notation = /(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s)?/
    guard let text = node.plainText, !text.isEmpty,
      let parts = (text.allSatisfy(\.isASCIIDigit) ? text + "s" : text).wholeMatch(of: notation)
    else { throw ConfigurationMismatch() }
    let counts = [parts.1, parts.2, parts.3, parts.4].map { $0.flatMap { Int($0) } ?? 0 }
    seconds = ((counts[0] * 24 + counts[1]) * 60 + counts[2]) * 60 + counts[3]
  }

  public var configurationNode: ConfigurationNode { .plain(description) }

  /// In the largest units that leave no rest: `1h30m`.
  public var description: String {
    let parts = [(seconds / 86400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")]
    let text = parts.filter { $0.0 > 0 }.map { "\($0.0)\($0.1)" }.joined()
    return text.isEmpty ? "0s" : text
  }

  public static func < (one: Self, other: Self) -> Bool { one.seconds < other.seconds }
}

extension Character {
  fileprivate var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}
