/// Reads JSON (RFC 8259) from the front, in place, refusing what a lenient parser lets pass: duplicate keys, half
/// surrogate pairs, bytes that are not UTF-8, deep nesting, anything after the value.
///
/// It builds no tree. Whoever knows what should come asks for it, and nothing is allocated but the strings asked
/// for, none longer than its text.
package struct StrictJSON {
  /// Arrays and objects inside one another; a safetensors header needs 3.
  package static let depthLimit = 16

  private let bytes: UnsafeRawBufferPointer
  private let path: String
  package private(set) var position = 0
  private var depth = 0
  /// The tensor that is being read: it goes into errors.
  package var tensor: String?

  /// - Parameter bytes: must outlive the value.
  package init(_ bytes: UnsafeRawBufferPointer, path: String) throws(SafetensorsError) {
    self.bytes = bytes
    self.path = path
    do throws(UTF8.ValidationError) {
      _ = try UTF8Span(validating: bytes.bindMemory(to: UInt8.self).span)
    } catch {
      throw SafetensorsError(path: path, reason: .headerNotUTF8(offset: error.byteOffsets.lowerBound))
    }
  }

  package func error(_ reason: SafetensorsError.Reason) -> SafetensorsError {
    SafetensorsError(path: path, tensor: tensor, reason: reason)
  }

  /// Reads an object; `member` must read the value of each key. Keys do not repeat; two that Unicode holds equal
  /// (é as one letter or as e and an accent) are one.
  package mutating func object(
    _ member: (inout StrictJSON, String) throws(SafetensorsError) -> Void
  ) throws(SafetensorsError) {
    var keys: Set<String> = []
    try enclosed(by: "{", "}") { (json: inout StrictJSON) throws(SafetensorsError) in
      let key = try json.string()
      guard keys.insert(key).inserted else {
        throw json.error(.duplicateKey(key))
      }
      try json.expect(":")
      try member(&json, key)
    }
  }

  /// Reads an array; `element` must read each of its values.
  package mutating func array(_ element: (inout StrictJSON) throws(SafetensorsError) -> Void) throws(SafetensorsError) {
    try enclosed(by: "[", "]", element)
  }

  private mutating func enclosed(
    by open: Unicode.Scalar, _ close: Unicode.Scalar,
    _ item: (inout StrictJSON) throws(SafetensorsError) -> Void
  ) throws(SafetensorsError) {
    try expect(open)
    depth += 1
    guard depth <= Self.depthLimit else {
      throw error(.headerTooDeep(offset: position - 1, limit: Self.depthLimit))
    }
    if next != close {
      repeat {
        try item(&self)
      } while skip(",")
    }
    try expect(close)
    depth -= 1
  }

  /// Reads over a value of any kind.
  package mutating func skipValue() throws(SafetensorsError) {
    switch next {
    case "{":
      try object { (json: inout StrictJSON, _: String) throws(SafetensorsError) in try json.skipValue() }
    case "[":
      try array { (json: inout StrictJSON) throws(SafetensorsError) in try json.skipValue() }
    case "\"": _ = try string()
    case "t": try word("true")
    case "f": try word("false")
    case "n": try word("null")
    default: try skipNumber()
    }
  }

  /// Nothing but white space may follow.
  package mutating func end() throws(SafetensorsError) {
    if next != nil {
      throw syntaxError("the end")
    }
  }

  package mutating func string() throws(SafetensorsError) -> String {
    try expect("\"")
    let start = position
    while let byte = current, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 {
      position += 1
    }
    if current == UInt8(ascii: "\"") {
      position += 1
      return String(decoding: bytes[start..<position - 1], as: UTF8.self)
    }
    var text = String(decoding: bytes[start..<position], as: UTF8.self)
    while current != UInt8(ascii: "\"") {
      if current == UInt8(ascii: "\\") {
        position += 1
        text.unicodeScalars.append(try escapedScalar())
      } else {
        let runStart = position
        while let byte = current, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
          guard byte >= 0x20 else { throw syntaxError("a character of a string") }
          position += 1
        }
        guard position > runStart else { throw syntaxError("the end of a string") }
        text += String(decoding: bytes[runStart..<position], as: UTF8.self)
      }
    }
    position += 1
    return text
  }

  /// A whole number from 0 to 2⁶³ - 1. `field` names it in errors.
  package mutating func count(_ field: String) throws(SafetensorsError) -> Int {
    let first = next
    let start = position
    try skipNumber()
    if first == "-" {
      throw error(.negativeNumber(field))
    }
    var value = 0
    for byte in bytes[start..<position] {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else {
        throw error(.fieldMalformed(field, expected: "made of whole numbers"))
      }
      let (product, productOverflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, sumOverflow) = product.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
      guard !productOverflow, !sumOverflow else {
        throw error(.numberTooLarge(field))
      }
      value = sum
    }
    return value
  }

  private mutating func skipNumber() throws(SafetensorsError) {
    _ = skip("-")
    if current == UInt8(ascii: "0") {
      position += 1
    } else {
      try skipDigits()
    }
    if current == UInt8(ascii: ".") {
      position += 1
      try skipDigits()
    }
    if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
      position += 1
      if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") {
        position += 1
      }
      try skipDigits()
    }
  }

  private mutating func skipDigits() throws(SafetensorsError) {
    let start = position
    while let byte = current, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
      position += 1
    }
    if position == start {
      throw syntaxError("a value")
    }
  }

  private mutating func word(_ text: StaticString) throws(SafetensorsError) {
    for offset in 0..<text.utf8CodeUnitCount {
      guard current == text.utf8Start[offset] else { throw syntaxError("\(text)") }
      position += 1
    }
  }

  /// What a backslash, already read, stands for.
  private mutating func escapedScalar() throws(SafetensorsError) -> Unicode.Scalar {
    guard let byte = current else { throw syntaxError("the end of a string") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      var code = try fourHexadecimalDigits()
      if code & 0xFC00 == 0xD800 {
        guard current == UInt8(ascii: "\\") else { throw syntaxError("the second half of a surrogate pair") }
        position += 1
        guard current == UInt8(ascii: "u") else { throw syntaxError("the second half of a surrogate pair") }
        position += 1
        let low = try fourHexadecimalDigits()
        guard low & 0xFC00 == 0xDC00 else { throw syntaxError("the second half of a surrogate pair") }
        code = 0x10000 + (code & 0x3FF) << 10 + (low & 0x3FF)
      }
      guard let scalar = Unicode.Scalar(code) else { throw syntaxError("the first half of a surrogate pair") }
      return scalar
    default:
      position -= 1
      throw syntaxError("an escape")
    }
  }

  private mutating func fourHexadecimalDigits() throws(SafetensorsError) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw syntaxError("a hexadecimal digit")
      }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }

  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  /// The first character after white space, not consumed.
  package var next: Unicode.Scalar? {
    mutating get {
      while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
        position += 1
      }
      return current.map { Unicode.Scalar($0) }
    }
  }

  private mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard next == character else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(SafetensorsError) {
    guard skip(character) else { throw syntaxError("\(character)") }
  }

  private func syntaxError(_ expected: String) -> SafetensorsError {
    error(.headerNotJSON(offset: position, expected: expected))
  }
}
