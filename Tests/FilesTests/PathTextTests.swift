import Files
import TemporaryFiles
import Testing

@Suite struct PathTextTests {
  @Test(
    "text that is UTF-8 is itself", arguments: ["", "a/b.png", "größe", "図.jpg", "e\u{301}", "👩‍👩‍👧", "\u{E000}\u{EEFF}"])
  func plain(_ text: String) {
    #expect(pathText(Array(text.utf8)) == text)
    #expect(pathBytes(text) == Array(text.utf8))
  }

  @Test("any bytes come back from their text")
  func bytesComeBack() {
    var names: [[UInt8]] = [
      [0xFF], [0xC3], [0xC3, 0x28], [0xE2, 0x82], [0xF0, 0x9F, 0x92], [0xED, 0xA0, 0x80], [0x80, 0x61, 0xFE],
      // The characters that carry bytes, as names of their own.
      Array("\u{EF80}".utf8), Array("a\u{EFFF}b".utf8), Array("\u{EF7F}\u{F000}".utf8),
    ]
    let seed = UInt64.random(in: 0...UInt64.max)
    print("seed \(seed)")
    var state = seed
    for _ in 0..<5000 {
      names.append(
        (0..<8).map { _ in
          state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
          // Mostly what begins or goes on in UTF-8, the carriers' bytes among it.
          return state >> 63 == 0 ? [0xEE, 0xBE, 0xBF, 0x80, 0xC3, 0x41][Int(state >> 40) % 6] : UInt8(state >> 56)
        })
    }
    for name in names {
      #expect(pathBytes(pathText(name)) == name)
    }
    #expect(Set(names.map(pathText).map { Array($0.unicodeScalars) }).count == Set(names).count)
  }

  @Test("a name is one line of printable text, from which it can be told")
  func shown() {
    #expect(escaped("a b/größe.png") == "a b/größe.png")
    #expect(escaped("a\nb\r\tc\\n") == #"a\x0ab\x0d\x09c\x5cn"#)
    #expect(escaped(pathText([0x61, 0xFF, 0x0A, 0xC3])) == #"a\xff\x0a\xc3"#)
    #expect(escaped("\u{1B}[2J\u{7F}\u{85}\u{2028}") == #"\x1b[2J\x7f\xc2\x85\xe2\x80\xa8"#)
  }

  @Test("a file whose name is no UTF-8 is listed, opened, renamed and removed")
  func otherThanUTF8() throws {
    let directory = try TemporaryDirectory()
    let name = pathText([0x62, 0xE9, 0x0A, 0xFF])
    let path = "\(directory.path)/\(name)"
    try replaceFile(path, with: [1, 2])
    try replaceFile("\(directory.path)/a", with: [])
    #expect(try listDirectory(directory.path) == ["a", name])
    #expect(try readFile(path) == [1, 2])
    #expect(try fileSize(path) == 2)
    let other = "\(directory.path)/\(pathText([0x80]))"
    try PosixFileSystem().rename(path, to: other)
    let mapped = try MappedFile(path: other)
    let bytes = Array(mapped.bytes)
    extendLifetime(mapped)
    #expect(bytes == [1, 2])
    try PosixFileSystem().remove(other)
    #expect(try listDirectory(directory.path) == ["a"])
    let error = #expect(throws: FileError.self) { try readFile(path) }
    #expect(
      error?.description == "open of \"\(escaped(directory.path))/b\\xe9\\x0a\\xff\" failed: No such file or directory")
  }

  @Test func partsOfPaths() {
    #expect(parentDirectory(of: "/a/b//") == "/a")
    #expect(parentDirectory(of: "a") == ".")
    #expect(parentDirectory(of: "/a") == "/")
    #expect(lastComponent(of: "/a/b/") == "b")
    #expect(lastComponent(of: "b") == "b")
  }
}
