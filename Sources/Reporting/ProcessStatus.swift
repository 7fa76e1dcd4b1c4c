/// The text of `/proc/PID/status`, proc(5): on each line a field's name, a colon, white space of any kind and length, and
/// the value.
///
/// The kernel separates name and value by a tab and pads numbers with spaces up to a width, so that from 10,000,000 kB on
/// there is no space between them.
public struct ProcessStatus {
  private let lines: [Substring]

  public init(_ text: String) {
    lines = text.split(whereSeparator: \.isNewline)
  }

  /// The bytes that a field gives in kB, which are of 1024 bytes; nil where no line gives the field so.
  public func bytes(_ field: String) -> Int? {
    for line in lines {
      let words = line.split(whereSeparator: \.isWhitespace)
      guard words.first == "\(field):" else { continue }
      guard words.count == 3, words[2] == "kB", let count = Int(words[1]) else { return nil }
      return count * 1024
    }
    return nil
  }
}
