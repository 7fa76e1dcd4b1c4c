/// A file's name, which may be any bytes, as text that stays on its line and says which bytes they were.
///
/// What is not UTF-8, control characters (a line feed among them), the separators of lines and paragraphs, and the
/// backslash itself become `\xHH`, two lower-case hexadecimal digits for each byte; all else stays as it is. So two
/// names never become the same text, and whoever replaces each `\xHH` by its byte has the name again.
func printableName(_ bytes: some Sequence<UInt8>) -> String {
  let bytes = Array(bytes)
  var text = ""
  var rest = bytes.makeIterator()
  var position = 0
  var parser = Unicode.UTF8.ForwardParser()
  while true {
    switch parser.parseScalar(from: &rest) {
    case .emptyInput: return text
    case .valid(let encoded):
      let scalar = Unicode.UTF8.decode(encoded)
      if isPrintable(scalar) {
        text.unicodeScalars.append(scalar)
      } else {
        text += escaped(bytes[position..<position + encoded.count])
      }
      position += encoded.count
    case .error(let length):
      text += escaped(bytes[position..<position + length])
      position += length
    }
  }
}

private func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.properties.generalCategory {
  case .control, .lineSeparator, .paragraphSeparator: false
  default: scalar != "\\"
  }
}

private func escaped(_ bytes: ArraySlice<UInt8>) -> String {
  bytes.map { "\\x" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
