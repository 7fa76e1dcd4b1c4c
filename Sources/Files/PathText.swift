/// A path or a file name of these bytes, as text that gives the same bytes back.
///
/// On Linux a name is bytes, mostly UTF-8 but not always. Here every path is a `String`, and text that is UTF-8 is itself.
/// A byte that is not part of valid UTF-8 is carried by one character of Unicode's private use, U+EF00 plus the byte, and
/// so are the bytes of a name that holds one of these characters (U+EF80 to U+EFFF) by itself. So any bytes become text,
/// and ``pathBytes(_:)``, which all calls of this module go through, gives exactly these bytes back. For people, write
/// ``escaped(_:)``.
public func pathText(_ bytes: some Collection<UInt8>) -> String {
  if !bytes.contains(carrierLead), let text = String(validating: bytes, as: UTF8.self) { return text }
  var text = String.UnicodeScalarView()
  var parser = Unicode.UTF8.ForwardParser()
  var source = bytes.makeIterator()
  var rest = bytes[...]
  while true {
    switch parser.parseScalar(from: &source) {
    case .emptyInput: return String(text)
    case .valid(let encoded):
      let scalar = Unicode.UTF8.decode(encoded)
      if carriers.contains(scalar) { text.append(contentsOf: encoded.map(carrier(of:))) } else { text.append(scalar) }
      rest = rest.dropFirst(encoded.count)
    case .error(let length):
      text.append(contentsOf: rest.prefix(length).map(carrier(of:)))
      rest = rest.dropFirst(length)
    }
  }
}

/// The bytes of a path or a name, the inverse of ``pathText(_:)``.
public func pathBytes(_ text: String) -> [UInt8] {
  guard text.utf8.contains(carrierLead) else { return Array(text.utf8) }
  var bytes: [UInt8] = []
  for scalar in text.unicodeScalars {
    if carriers.contains(scalar) {
      bytes.append(UInt8(truncatingIfNeeded: scalar.value))
    } else {
      bytes.append(contentsOf: UTF8.encode(scalar)!)
    }
  }
  return bytes
}

/// ``escaped(_:)-(String)`` of a name's bytes.
public func escaped(_ name: some Collection<UInt8>) -> String { escaped(pathText(name)) }

/// A path or a name for people, in one line, in messages and in lists: what is printable stays as it is.
///
/// Bytes that are not UTF-8, control characters (a line feed among them), the separators of lines and paragraphs, and the
/// backslash itself become `\xHH`, two lower-case hexadecimal digits for each byte. So two names never become the same
/// text, and whoever replaces each `\xHH` by its byte has the name again.
public func escaped(_ name: String) -> String {
  var text = ""
  for scalar in name.unicodeScalars {
    switch scalar {
    case "\\": text += hexadecimal(UInt8(ascii: "\\"))
    case carriers: text += hexadecimal(UInt8(truncatingIfNeeded: scalar.value))
    default:
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator:
        text += UTF8.encode(scalar)!.map(hexadecimal).joined()
      default: text.unicodeScalars.append(scalar)
      }
    }
  }
  return text
}

/// Runs `body` with the bytes of a path and a zero byte behind them.
func withPathBytes<Value>(_ path: String, _ body: (UnsafePointer<CChar>) -> Value) -> Value {
  guard path.utf8.contains(carrierLead) else { return path.withCString(body) }
  return (pathBytes(path) + [0]).withUnsafeBytes { body($0.assumingMemoryBound(to: CChar.self).baseAddress!) }
}

private let carriers: ClosedRange<Unicode.Scalar> = "\u{EF80}"..."\u{EFFF}"
/// The first byte of these characters in UTF-8; others begin with it, too.
private let carrierLead: UInt8 = 0xEE

private func carrier(of byte: UInt8) -> Unicode.Scalar {
  Unicode.Scalar(0xEF00 + UInt16(byte))!
}

private func hexadecimal(_ byte: UInt8) -> String {
  "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
}
