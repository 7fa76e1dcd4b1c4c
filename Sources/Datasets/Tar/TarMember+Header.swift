extension TarMember {
  /// The block before a member of `size` bytes, in POSIX ustar: no owner and no time, so that equal contents are equal
  /// archives.
  ///
  /// - Parameter name: at most 100 bytes.
  static func header(name: String, size: Int) -> [UInt8] {
    precondition(name.utf8.count <= 100 && size < 1 << 33, "no place in a header of ustar")
    var block = [UInt8](repeating: 0, count: TarHeader.blockSize)
    func put(_ text: String, at offset: Int) {
      block.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
    }
    func octal(_ number: Int, digits: Int) -> String {
      let text = String(number, radix: 8)
      return String(repeating: "0", count: digits - text.count) + text
    }
    put(name, at: 0)
    put(octal(0o644, digits: 7), at: 100)
    put(octal(0, digits: 7), at: 108)
    put(octal(0, digits: 7), at: 116)
    put(octal(size, digits: 11), at: 124)
    put(octal(0, digits: 11), at: 136)
    // The checksum counts its own field as blanks.
    put("        ", at: 148)
    put("0", at: 156)
    put("ustar\0" + "00", at: 257)
    put(octal(block.reduce(0) { $0 + Int($1) }, digits: 6) + "\0 ", at: 148)
    return block
  }

  /// Zeros from the end of a content to the end of its last block.
  static func padding(after size: Int) -> [UInt8] {
    [UInt8](repeating: 0, count: (TarHeader.blockSize - size % TarHeader.blockSize) % TarHeader.blockSize)
  }
}
