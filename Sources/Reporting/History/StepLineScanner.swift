import Files
import Foundation

/// Reads the numbers of steps' lines without making anything of a line but its numbers: a run of a month has half a million
/// lines, and its page is to be there in a second.
///
/// A number is off by at most five units in its last place, which no page shows. Whoever needs its bits takes a `LogLine`.
struct StepLineScanner: Sendable {
  /// The fields' names in the order in which they first came; a field is known by its place here.
  private(set) var names: [String] = []
  private var nameBytes: [[UInt8]] = []
  /// For each field, and in front of all for the beginning of a line, the field that came behind it last: lines are alike.
  private var followers = [0]

  /// Of the line that was read last.
  private(set) var step = 0
  private(set) var values: [(field: Int, value: Double)] = []

  private static let opening = Array("{\"event\":\"step\",\"step\":".utf8)

  /// - Returns: false where the line is no step's, or not as this program writes it.
  mutating func read(_ bytes: Span<UInt8>, _ line: Range<Int>) -> Bool {
    var place = line.lowerBound
    guard line.count > Self.opening.count, bytes.holds(Self.opening, at: place) else { return false }
    place += Self.opening.count
    guard let step = Self.number(bytes, &place, line.upperBound).flatMap(Int.init(exactly:)) else { return false }
    self.step = step
    values.removeAll(keepingCapacity: true)
    var previous = 0
    while place < line.upperBound, bytes[place] == UInt8(ascii: ",") {
      place += 1
      guard let field = field(bytes, &place, line.upperBound, behind: previous),
        let value = Self.number(bytes, &place, line.upperBound)
      else { return false }
      values.append((field, value))
      previous = field + 1
    }
    return place == line.upperBound - 1 && bytes[place] == UInt8(ascii: "}")
  }

  /// Goes past `"name":`.
  private mutating func field(_ bytes: Span<UInt8>, _ place: inout Int, _ end: Int, behind previous: Int) -> Int? {
    guard place < end, bytes[place] == UInt8(ascii: "\"") else { return nil }
    place += 1
    let guess = followers[previous]
    if guess < nameBytes.count, place + nameBytes[guess].count <= end, bytes.holds(nameBytes[guess], at: place) {
      place += nameBytes[guess].count
      return guess
    }
    guard let known = knownField(bytes, &place, end) else { return nil }
    followers[previous] = known
    return known
  }

  private mutating func knownField(_ bytes: Span<UInt8>, _ place: inout Int, _ end: Int) -> Int? {
    var name: [UInt8] = []
    while place < end, bytes[place] != UInt8(ascii: "\"") {
      guard bytes[place] != UInt8(ascii: "\\") else { return nil }
      name.append(bytes[place])
      place += 1
    }
    guard place + 1 < end, bytes[place + 1] == UInt8(ascii: ":") else { return nil }
    place += 2
    return field(named: String(decoding: name, as: UTF8.self))
  }

  /// The place of a name, which is new if it has not come before.
  mutating func field(named name: String) -> Int {
    if let field = names.firstIndex(of: name) { return field }
    names.append(name)
    nameBytes.append(Array(name.utf8) + Array("\":".utf8))
    followers.append(0)
    return names.count - 1
  }

  /// A number, or one of the texts that stand for what JSON has no number for.
  static func number(_ bytes: Span<UInt8>, _ place: inout Int, _ end: Int) -> Double? {
    if place < end, bytes[place] == UInt8(ascii: "\"") { return notFinite(bytes, &place, end) }
    var isNegative = false
    if place < end, bytes[place] == UInt8(ascii: "-") {
      isNegative = true
      place += 1
    }
    var (digits, exponent, count) = (UInt64(0), 0, 0)
    var isFraction = false
    while place < end {
      let byte = bytes[place]
      if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
        count += 1
        // What does not fit changes nothing that is kept.
        if digits < 1_000_000_000_000_000_000 {
          digits = digits * 10 + UInt64(byte - UInt8(ascii: "0"))
          if isFraction { exponent -= 1 }
        } else if !isFraction {
          exponent += 1
        }
      } else if byte == UInt8(ascii: "."), !isFraction {
        isFraction = true
      } else {
        break
      }
      place += 1
    }
    guard count > 0 else { return nil }
    if place < end, bytes[place] | 0x20 == UInt8(ascii: "e") {
      place += 1
      guard let power = power(bytes, &place, end) else { return nil }
      exponent += power
    }
    let value = scaled(Double(digits), by: exponent)
    return isNegative ? -value : value
  }

  private static func power(_ bytes: Span<UInt8>, _ place: inout Int, _ end: Int) -> Int? {
    var isNegative = false
    if place < end, bytes[place] == UInt8(ascii: "-") || bytes[place] == UInt8(ascii: "+") {
      isNegative = bytes[place] == UInt8(ascii: "-")
      place += 1
    }
    var (power, count) = (0, 0)
    while place < end, bytes[place] >= UInt8(ascii: "0"), bytes[place] <= UInt8(ascii: "9") {
      power = min(9999, power * 10 + Int(bytes[place] - UInt8(ascii: "0")))
      count += 1
      place += 1
    }
    return count == 0 ? nil : isNegative ? -power : power
  }

  /// These powers of ten are doubles exactly.
  private static let powers = (0...22).map { pow(10, Double($0)) }

  private static func scaled(_ value: Double, by exponent: Int) -> Double {
    switch exponent {
    case 0: value
    case 1...22: value * powers[exponent]
    case -22 ... -1: value / powers[-exponent]
    // In two steps, since the power alone need not be a double where the value is.
    default: value * pow(10, Double(exponent / 2)) * pow(10, Double(exponent - exponent / 2))
    }
  }

  private static let texts: [(text: [UInt8], value: Double)] = [
    (Array("\"NaN\"".utf8), .nan), (Array("\"Infinity\"".utf8), .infinity), (Array("\"-Infinity\"".utf8), -.infinity),
  ]

  private static func notFinite(_ bytes: Span<UInt8>, _ place: inout Int, _ end: Int) -> Double? {
    for (text, value) in texts where place + text.count <= end && bytes.holds(text, at: place) {
      place += text.count
      return value
    }
    return nil
  }
}

extension Span<UInt8> {
  /// Whether these bytes are here from `place` on, which must have room for them.
  fileprivate func holds(_ other: [UInt8], at place: Int) -> Bool {
    for index in other.indices where self[place + index] != other[index] { return false }
    return true
  }
}
