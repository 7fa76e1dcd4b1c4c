import Datasets
import Files
import Foundation
import Imaging
import Testing

@Suite struct FolderSourceTests {
  /// Names and sizes are what a folder is known by; where it lies is not.
  @Test func identityIsThatOfNamesAndSizes() throws {
    let names = ["a/1.png", "a/2.png", "b/3.png"]
    func identity(_ names: [String], sizes: [Int]) throws -> DataIdentity {
      let folder = try ScratchFolder()
      for (name, size) in zip(names, sizes) { try folder.write([UInt8](repeating: 0, count: size), to: name) }
      return try openSource(at: folder.path).identity()
    }
    let whole = try identity(names, sizes: [4, 5, 6])
    #expect(whole.count == 3 && whole.hash.count == 32)
    #expect(try identity(names.reversed(), sizes: [6, 5, 4]) == whole)
    let others = [
      try identity(["a/1.png", "a/2.png", "a/3.png"], sizes: [4, 5, 6]), try identity(names, sizes: [4, 5, 7]),
      try identity(["a/1.png", "a/2.png", "b/4.png"], sizes: [4, 5, 6]), try identity(names, sizes: [5, 4, 6]),
      try identity(["a/1.png", "a/2.png"], sizes: [4, 5]),
    ]
    for other in others { #expect(other.hash != whole.hash) }
    #expect(Set(others.map(\.hash)).count == others.count)
  }

  /// Of many files some are looked at, and all names are.
  @Test func identityOfManyFilesKnowsAllNamesAndSomeSizes() throws {
    let folder = try ScratchFolder()
    for index in 0..<2048 { try folder.write([], to: "\(index + 1000).png") }
    let whole = try openSource(at: folder.path).identity()
    // Of two neighbours in the order of names one is looked at.
    try folder.write([0], to: "1001.png")
    #expect(try openSource(at: folder.path).identity() == whole)
    try folder.write([0], to: "1002.png")
    #expect(try openSource(at: folder.path).identity() != whole)
    try folder.write([], to: "1002.png")
    try FileManager.default.moveItem(atPath: "\(folder.path)/1001.png", toPath: "\(folder.path)/1001a.png")
    #expect(try openSource(at: folder.path).identity() != whole)
  }

  @Test func pathsAndClassesAreInByteOrder() throws {
    let folder = try ScratchFolder()
    for name in ["b/2.png", "a/z.PNG", "a/sub/1.Jpeg", "a-b/x.jpg", "a/B.png", "C/é.png", "a/notes.txt", "a/png"] {
      try folder.write([], to: name)
    }
    let source = try openSource(at: folder.path)
    #expect(source is FolderSource)
    #expect(
      (0..<source.count).map { source.name(of: $0) } == [
        "C/é.png", "a-b/x.jpg", "a/B.png", "a/sub/1.Jpeg", "a/z.PNG", "b/2.png",
      ])
    #expect(source.classNames == ["C", "a", "a-b", "b"])
    #expect((0..<source.count).map { source.label(of: $0) } == [0, 2, 1, 1, 1, 3])
  }

  /// Names are for lists and messages: one line each, no two alike, and every byte can be had back.
  @Test func namesOfAnyBytesArePrintable() throws {
    let folder = try ScratchFolder()
    let names: [[UInt8]] = [
      Array("line\nfeed.png".utf8), Array("tab\t.png".utf8), Array("back\\slash.png".utf8),
      [0x66, 0xFF, 0xFE] + Array(".png".utf8), [0xE2, 0x82] + Array(".png".utf8), Array("next\u{85}line.png".utf8),
      Array("schön \u{1F600}.png".utf8),
    ]
    for name in names {
      let path = (Array("\(folder.path)/".utf8) + name + [0]).map { CChar(bitPattern: $0) }
      let descriptor = open(path, O_WRONLY | O_CREAT, 0o644)
      try #require(descriptor >= 0)
      close(descriptor)
    }
    let source = try openSource(at: folder.path)
    #expect(
      Set((0..<source.count).map { source.name(of: $0) }) == [
        "line\\x0afeed.png", "tab\\x09.png", "back\\x5cslash.png", "f\\xff\\xfe.png", "\\xe2\\x82.png",
        "next\\xc2\\x85line.png", "schön \u{1F600}.png",
      ])
  }

  @Test func aImageInTheRootMeansNoLabels() throws {
    let folder = try ScratchFolder()
    for name in ["a/1.png", "b/1.png", "top.png"] { try folder.write([], to: name) }
    let source = try openSource(at: folder.path)
    #expect(source.count == 3)
    #expect(source.classNames == [])
    #expect(source.label(of: 0) == nil)
  }

  @Test func hiddenNamesArePassedOver() throws {
    let folder = try ScratchFolder()
    for name in [".git/1.png", "a/.thumbnail.png", "a/1.png", ".png"] { try folder.write([], to: name) }
    let source = try openSource(at: folder.path)
    #expect(source.count == 1)
    #expect(source.name(of: 0) == "a/1.png")
  }

  @Test func linksAreFollowedButNotInCircles() throws {
    let folder = try ScratchFolder()
    let elsewhere = try ScratchFolder()
    try elsewhere.writePixel(9, to: "real.png")
    try folder.write([], to: "a/1.png")
    let files = FileManager.default
    try files.createSymbolicLink(atPath: folder.path + "/b", withDestinationPath: elsewhere.path)
    try files.createSymbolicLink(
      atPath: folder.path + "/a/link.png", withDestinationPath: elsewhere.path + "/real.png")
    let source = try openSource(at: folder.path)
    #expect((0..<source.count).map { source.name(of: $0) } == ["a/1.png", "a/link.png", "b/real.png"])
    #expect(try source.image(at: 1).pixels == [9])

    try files.createSymbolicLink(atPath: folder.path + "/a/up", withDestinationPath: folder.path)
    #expect(
      throws: DatasetError.notADataset(
        path: folder.path + "/a/up", reason: "it is a link to a folder that contains it")
    ) {
      try openSource(at: folder.path)
    }
  }

  @Test func aBadImageIsNamedWithTheReason() throws {
    let folder = try ScratchFolder()
    try folder.write(Array("not an image".utf8), to: "x/1.png")
    try folder.writePixel(200, to: "x/2.png")
    let source = try openSource(at: folder.path)
    #expect(try source.image(at: 1).pixels == [200])
    let error = #expect(throws: DatasetError.self) { try source.image(at: 0) }
    guard case .badImage(let bad) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(bad.index == 0 && bad.name == "x/1.png")
    #expect(bad.reason.contains(folder.path + "/x/1.png") && bad.reason.contains("neither JPEG"))
  }

  @Test func wrongPathsAreToldApart() throws {
    let folder = try ScratchFolder()
    let empty = #expect(throws: DatasetError.self) { try openSource(at: folder.path) }
    #expect(
      empty?.description
        == "\(folder.path) is no data set: the folder holds no file named *.jpg, *.jpeg, *.jpe, *.jfif, *.png, *.webp, *.tif, *.tiff, *.npy"
    )
    let missing = #expect(throws: DatasetError.self) { try openSource(at: "/no/such/folder") }
    #expect(missing?.description == "cannot read /no/such/folder: No such file or directory")
    try folder.writePixel(1, to: "single.png")
    let file = #expect(throws: DatasetError.self) { try openSource(at: folder.path + "/single.png") }
    #expect(file?.description.contains("give the folder that the images are in") == true)
  }

  @Test("a file whose name is no UTF-8, or holds a line feed, is read, and its name is one line")
  func namesOfAnyBytes() throws {
    let folder = try ScratchFolder()
    let names: [[UInt8]] = [[0x61, 0xFF], Array("b\nc".utf8), [0xC3, 0xA9]]
    for (value, name) in zip([UInt8(10), 20, 30], names) {
      let path = "\(folder.path)/\(pathText(name + Array(".png".utf8)))"
      try Image(width: 1, height: 1, channels: 1, pixels: [value]).writePNG(to: path)
    }
    let bad = "\(folder.path)/\(pathText([0x64, 0x0A, 0x80])).png"
    try replaceFile(bad, with: [1])
    let source = try openSource(at: folder.path)
    #expect((0..<4).map { source.name(of: $0) } == [#"a\xff.png"#, #"b\x0ac.png"#, #"d\x0a\x80.png"#, "é.png"])
    #expect(try source.image(at: 0) == Image(width: 1, height: 1, channels: 1, pixels: [10]))
    #expect(try source.image(at: 3) == Image(width: 1, height: 1, channels: 1, pixels: [30]))
    let error = #expect(throws: DatasetError.self) { try source.image(at: 2) }
    guard case .badImage(let sample) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(sample.name == #"d\x0a\x80.png"#)
    #expect(sample.reason.contains(#"d\x0a\x80.png"#) && !sample.reason.contains("\n"))
  }
}
