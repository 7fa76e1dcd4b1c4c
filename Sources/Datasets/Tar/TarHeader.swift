/// One block of 512 bytes that comes before a member of a tar file: POSIX ustar, GNU, and what was before both.
struct TarHeader {
  enum Kind: Equatable {
    case file
    /// Holds the name of the next member (GNU).
    case longName
    /// Holds records about the next member (POSIX pax).
    case records
    /// Has no content, or content that is not a file's: folders, links, devices, records about all members.
    case other(hasContent: Bool)
  }

  let kind: Kind
  let name: [UInt8]
  /// Of the content, which follows in whole blocks.
  let size: Int

  static let blockSize = 512

  /// - Returns: nil where the block is no header: its checksum is wrong.
  init?(_ block: ArraySlice<UInt8>) {
    precondition(block.count == Self.blockSize, "a block of \(block.count) bytes")
    let block = Array(block)
    guard Self.hasRightChecksum(block), let size = Self.number(block[124..<136]) else { return nil }
    let isUstar = Array(block[257..<262]) == Array("ustar".utf8)
    var name = Self.text(block[0..<100])
    // GNU's archives, told by the blank after "ustar", have other things where POSIX has the prefix.
    if isUstar, block[262] == 0, block[345] != 0 {
      name = Self.text(block[345..<500]) + [UInt8(ascii: "/")] + name
    }
    self.name = name
    self.size = size
    switch block[156] {
    case 0 where name.last == UInt8(ascii: "/"): kind = .other(hasContent: false)
    case 0, UInt8(ascii: "0"), UInt8(ascii: "7"): kind = .file
    case UInt8(ascii: "L"): kind = .longName
    case UInt8(ascii: "x"): kind = .records
    case UInt8(ascii: "1")...UInt8(ascii: "6"): kind = .other(hasContent: false)
    default: kind = .other(hasContent: true)
    }
  }

  /// Blocks of zeros end an archive.
  static func isEnd(_ block: ArraySlice<UInt8>) -> Bool { block.allSatisfy { $0 == 0 } }

  /// Bytes that the content takes, to the end of its last block.
  var paddedSize: Int { (size + Self.blockSize - 1) / Self.blockSize * Self.blockSize }

  /// The sum of all bytes, those of the checksum itself counted as blanks. Some old programs took bytes as signed.
  private static func hasRightChecksum(_ block: [UInt8]) -> Bool {
    guard let stored = number(block[148..<156]) else { return false }
    var (unsigned, signed) = (0, 0)
    // A shard has thousands of headers: one plain loop over each.
    block.withUnsafeBytes { bytes in
      for byte in bytes {
        unsigned &+= Int(byte)
        signed &+= Int(Int8(bitPattern: byte))
      }
      for byte in bytes[148..<156] {
        unsigned += 0x20 - Int(byte)
        signed += 0x20 - Int(Int8(bitPattern: byte))
      }
    }
    return stored == unsigned || stored == signed
  }

  private static func text(_ field: ArraySlice<UInt8>) -> [UInt8] { Array(field.prefix { $0 != 0 }) }

  /// Octal digits, or, where they do not suffice, the number itself behind a first bit of one (GNU).
  private static func number(_ field: ArraySlice<UInt8>) -> Int? {
    if field.first! == 0x80 {
      var value = 0
      for byte in field.dropFirst() {
        guard value < 1 << 54 else { return nil }
        value = value << 8 | Int(byte)
      }
      return value
    }
    let digits = field.drop { $0 == UInt8(ascii: " ") }.prefix { (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }
    let rest = field[digits.endIndex...]
    guard rest.allSatisfy({ $0 == 0 || $0 == UInt8(ascii: " ") }) else { return nil }
    return digits.reduce(0) { $0 << 3 | Int($1 - UInt8(ascii: "0")) }
  }
}

/// What pax records say of the member that follows them: `LENGTH KEY=VALUE\n`, one after another.
struct PaxRecords {
  private(set) var path: [UInt8]?
  private(set) var size: Int?
  /// A file with holes is stored in a form of its own.
  private(set) var isSparse = false

  /// - Returns: nil where the records are damaged.
  init?(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while let first = rest.first, first != 0 {
      let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      guard digits.count <= 9, let length = Int(String(decoding: digits, as: UTF8.self)),
        length > digits.count + 2, length <= rest.count
      else { return nil }
      let record = rest.prefix(length).dropFirst(digits.count + 1).dropLast()
      guard rest[rest.startIndex + length - 1] == UInt8(ascii: "\n"),
        let equals = record.firstIndex(of: UInt8(ascii: "="))
      else { return nil }
      let value = Array(record[(equals + 1)...])
      switch String(decoding: record[..<equals], as: UTF8.self) {
      case "path": path = value
      case "size":
        guard let number = Int(String(decoding: value, as: UTF8.self)), number >= 0 else { return nil }
        size = number
      case let key where key.hasPrefix("GNU.sparse."): isSparse = true
      default: break
      }
      rest = rest.dropFirst(length)
    }
  }
}
