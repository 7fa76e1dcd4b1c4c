import Datasets
import Foundation
import Imaging
import Testing

@Suite struct ListSourceTests {
  @Test func linesAreFilesBesideTheListOrFromTheRoot() throws {
    let folder = try ScratchFolder()
    for value in 1...3 { try folder.writePixel(UInt8(value), to: "images/\(value).png") }
    try folder.write(
      Array("images/2.png\r\n\(folder.path)/images/3.png\n\nimages/1.png\nimages/2.png".utf8), to: "list.txt")
    let source = try openSource(at: folder.path + "/list.txt")
    #expect(source is ListSource)
    #expect(try (0..<source.count).map { try source.image(at: $0).pixels } == [[2], [3], [1], [2]])
    #expect(source.name(of: 2) == "images/1.png" && source.label(of: 0) == nil)
  }

  @Test func zeroBytesEndNamesThatHoldNewlines() throws {
    let folder = try ScratchFolder()
    try folder.writePixel(7, to: "new\nline.png")
    try folder.writePixel(8, to: "b.png")
    try folder.write(Array("new\nline.png\0b.png\0".utf8), to: "list.txt")
    let source = try openSource(at: folder.path + "/list.txt")
    #expect(try (0..<source.count).map { try source.image(at: $0).pixels } == [[7], [8]])
    #expect(source.name(of: 0) == "new\\x0aline.png")
  }

  @Test func aListOfShards() throws {
    let folder = try ScratchFolder()
    for name in ["a.tar", "b.tar"] { try folder.copyFixture("shard_ustar.tar", to: name) }
    try folder.write(Array("b.tar\na.tar\n".utf8), to: "shards.txt")
    #expect(try openSource(at: folder.path + "/shards.txt").count == 8)
  }

  @Test func aListThatWasMadeElsewhereIsRefused() throws {
    let folder = try ScratchFolder()
    try folder.write(Array("nowhere/1.png\n".utf8), to: "list.txt")
    let error = #expect(throws: DatasetError.self) { try openSource(at: folder.path + "/list.txt") }
    #expect(
      error?.description.contains("the first file that it lists, \(folder.path)/nowhere/1.png, is not there") == true)
    try folder.write(Array("\n\n".utf8), to: "list.txt")
    let empty = #expect(throws: DatasetError.self) { try openSource(at: folder.path + "/list.txt") }
    #expect(empty?.description == "\(folder.path)/list.txt is no data set: the list is empty")
  }

  /// As `ls > list.txt` makes it in a folder of shards, or two lists that list each other: to open them would have no end.
  @Test func listsThatLeadBackAreRefused() throws {
    let folder = try ScratchFolder()
    try folder.copyFixture("shard_ustar.tar", to: "a.tar")
    try folder.write(Array("a.tar\nitself.txt\n".utf8), to: "itself.txt")
    try folder.write(Array("a.tar\nsecond.txt\n".utf8), to: "first.txt")
    try folder.write(Array("a.tar\nfirst.txt\n".utf8), to: "second.txt")
    for (name, listed) in [("itself.txt", "itself.txt"), ("first.txt", "first.txt")] {
      let path = "\(folder.path)/\(name)"
      for open in [{ _ = try openSource(at: path) }, { _ = try shardPaths(at: DataPaths([path])) }]
        as [() throws -> Void]
      {
        let error = #expect(throws: DatasetError.self) { try open() }
        #expect(error?.description.contains("it lists \(folder.path)/\(listed), which leads back to it") == true)
      }
    }
  }

  @Test func listsMayListOthers() throws {
    let folder = try ScratchFolder()
    try folder.copyFixture("shard_ustar.tar", to: "a.tar")
    try folder.write(Array("a.tar\n".utf8), to: "first.txt")
    try folder.write(Array("first.txt\na.tar\nfirst.txt\n".utf8), to: "all.txt")
    #expect(try openSource(at: folder.path + "/all.txt").count == 12)
    #expect(try shardPaths(at: DataPaths([folder.path + "/all.txt"])).count == 3)
  }

  @Test func noPathIsASentence() {
    let error = #expect(throws: DatasetError.self) { try openSource(at: "" as DataPaths) }
    #expect(error?.description.contains("a path is empty; name a folder or a file") == true)
    #expect(error?.isUsage == true)
  }
}

@Suite struct JoinedSourceTests {
  @Test func imagesFollowOneAnotherAndClassesOfANameAreOne() throws {
    let folder = try ScratchFolder()
    for (value, name) in ["first/cat/1.png", "first/dog/2.png", "second/bird/3.png", "second/cat/4.png"].enumerated() {
      try folder.writePixel(UInt8(value), to: name)
    }
    let source = try openSource(at: DataPaths(["\(folder.path)/first", "\(folder.path)/second"]))
    #expect(try (0..<4).map { try source.image(at: $0).pixels } == [[0], [1], [2], [3]])
    #expect(source.classNames == ["cat", "dog", "bird"])
    #expect((0..<4).map { source.label(of: $0) } == [0, 1, 2, 0])
    #expect(source.kind == "2 images of a folder of images, 2 images of a folder of images")

    try folder.write(Array("broken".utf8), to: "second/bird/3.png")
    let error = #expect(throws: DatasetError.self) { try source.image(at: 2) }
    guard case .badImage(let bad) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(bad.index == 2 && bad.name == "bird/3.png")
    // An image without a class leaves none with one.
    try folder.writePixel(9, to: "second/stray.png")
    #expect(try openSource(at: DataPaths(["\(folder.path)/first", "\(folder.path)/second"])).classNames == [])
  }
}

@Suite struct CIFARSourceTests {
  /// Pixel p of channel c of image i is i + c + p, so that planes and pixels cannot be confused.
  private func records(_ count: Int, labels: (Int) -> [UInt8]) -> [UInt8] {
    (0..<count).flatMap { image in
      labels(image) + (0..<3072).map { UInt8(truncatingIfNeeded: image + $0 / 1024 + $0 % 1024) }
    }
  }

  @Test func tenClasses() throws {
    let folder = try ScratchFolder()
    try folder.write(records(3) { [UInt8($0 * 4)] }, to: "data_batch_2.bin")
    try folder.write(records(2) { [UInt8($0 + 5)] }, to: "data_batch_1.bin")
    try folder.write(records(2) { _ in [1] }, to: "test_batch.bin")
    try folder.write(Array((0..<10).map { "class\($0)" }.joined(separator: "\n").utf8), to: "batches.meta.txt")
    let source = try openSource(at: folder.path)
    #expect(source.kind == "CIFAR-10 in 2 binary files")
    #expect((0..<5).map { source.label(of: $0) } == [5, 6, 0, 4, 8])
    #expect(source.classNames[6] == "class6")
    #expect(source.shape == ImageShape(channels: 3, height: 32, width: 32))
    let pixels = try source.image(at: 3).pixels
    #expect(pixels.prefix(6) == [1, 2, 3, 2, 3, 4])
    #expect(pixels.suffix(3).map { Int($0) } == [1024, 1025, 1026].map { $0 % 256 })
    #expect(try openSource(at: folder.path + "/test_batch.bin").count == 2)

    try folder.write([1, 2, 3], to: "data_batch_1.bin")
    let error = #expect(throws: DatasetError.self) { try openSource(at: folder.path) }
    #expect(error?.description.contains("its 3 bytes are no whole number of images of 3073 bytes") == true)
  }

  @Test func hundredClasses() throws {
    let folder = try ScratchFolder()
    try folder.write(records(4) { [3, UInt8($0 * 20)] }, to: "train.bin")
    try folder.write(Array((0..<100).map { "fine\($0)\n" }.joined().utf8), to: "fine_label_names.txt")
    let source = try openSource(at: folder.path)
    #expect(source.kind == "CIFAR-100 in 1 binary file")
    #expect((0..<4).map { source.label(of: $0) } == [0, 20, 40, 60])
    #expect(source.classNames[20] == "fine20")
    #expect(try source.image(at: 1).pixels.prefix(3) == [1, 2, 3])
  }
}
