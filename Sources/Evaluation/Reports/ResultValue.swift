import Foundation

/// A fact about an evaluation or a setting of it: a number stays one in JSON.
public enum ResultValue: Sendable, Equatable {
  case text(String)
  case count(Int)
  case number(Double)
  /// A number that people read in few digits.
  case rounded(Double)
}

extension ResultValue: CustomStringConvertible {
  /// For people.
  public var description: String {
    switch self {
    case .text(let text): text
    case .count(let count): "\(count)"
    case .number(let number): "\(number)"
    case .rounded(let number): String(format: "%.2g", number)
    }
  }
}

extension ResultValue: Encodable {
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .text(let text): try container.encode(text)
    case .count(let count): try container.encode(count)
    // JSON has no other numbers.
    case .number(let number) where number.isFinite, .rounded(let number) where number.isFinite:
      try container.encode(number)
    case .number, .rounded: try container.encode(description)
    }
  }
}
