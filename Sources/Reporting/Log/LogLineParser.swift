import Foundation

/// Reads a line of a log, a JSON object, field by field: a log may have a million lines, and all of them are read for a
/// report.
struct LogLineParser {
  private let bytes: [UInt8]
  private var index = 0

  /// What is no JSON.
  struct Malformed: Error {}

  /// The fields of an object in their order.
  static func fields(of bytes: [UInt8]) throws(Malformed) -> [LogField] {
    var parser = LogLineParser(bytes: bytes)
    var fields: [LogField] = []
    try parser.expect("{")
    if !parser.skip("}") {
      repeat {
        let name = try parser.text()
        try parser.expect(":")
        fields.append(LogField(name, try parser.value()))
      } while parser.skip(",")
      try parser.expect("}")
    }
    parser.skipSpaces()
    guard parser.index == bytes.count else { throw Malformed() }
    return fields
  }

  private init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  private mutating func value() throws(Malformed) -> LogValue {
    skipSpaces()
    switch peek {
    case UInt8(ascii: "\""): return .text(try text())
    case UInt8(ascii: "["):
      index += 1
      var elements: [LogValue] = []
      if skip("]") { return .list([]) }
      repeat { elements.append(try value()) } while skip(",")
      try expect("]")
      return .list(elements)
    case UInt8(ascii: "t"): return try word("true", .boolean(true))
    case UInt8(ascii: "f"): return try word("false", .boolean(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func word(_ word: StaticString, _ value: LogValue) throws(Malformed) -> LogValue {
    let end = index + word.utf8CodeUnitCount
    guard end <= bytes.count,
      bytes[index..<end].elementsEqual(UnsafeBufferPointer(start: word.utf8Start, count: end - index))
    else { throw Malformed() }
    index = end
    return value
  }

  private mutating func number() throws(Malformed) -> LogValue {
    let start = index
    var isInteger = true
    while let byte = peek, byte != UInt8(ascii: ","), byte != UInt8(ascii: "}"), byte != UInt8(ascii: "]"), byte > 0x20
    {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): break
      case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "+"): isInteger = false
      default: throw Malformed()
      }
      index += 1
    }
    let text = String(decoding: bytes[start..<index], as: UTF8.self)
    if isInteger, let value = Int(text) { return .integer(value) }
    guard let value = Double(text) else { throw Malformed() }
    return .number(value)
  }

  private mutating func text() throws(Malformed) -> String {
    try expect("\"")
    let start = index
    while let byte = peek, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { index += 1 }
    guard let byte = peek else { throw Malformed() }
    if byte == UInt8(ascii: "\"") {
      defer { index += 1 }
      return String(decoding: bytes[start..<index], as: UTF8.self)
    }
    // Texts with escapes are few, and their escapes are many kinds: Foundation knows all.
    while let byte = peek, byte != UInt8(ascii: "\"") { index += byte == UInt8(ascii: "\\") ? 2 : 1 }
    guard index < bytes.count else { throw Malformed() }
    index += 1
    let quoted = Data([UInt8(ascii: "[")] + bytes[start - 1..<index] + [UInt8(ascii: "]")])
    guard let texts = try? JSONDecoder().decode([String].self, from: quoted) else { throw Malformed() }
    return texts[0]
  }

  private var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

  private mutating func skipSpaces() {
    while let byte = peek, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { index += 1 }
  }

  /// Goes past `character` if it is next.
  private mutating func skip(_ character: Unicode.Scalar) -> Bool {
    skipSpaces()
    guard peek == UInt8(ascii: character) else { return false }
    index += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(Malformed) {
    guard skip(character) else { throw Malformed() }
  }
}
