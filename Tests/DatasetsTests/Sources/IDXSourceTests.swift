import Datasets
import Foundation
import Imaging
import Testing

@Suite struct IDXSourceTests {
  private static let images = "train-images-idx3-ubyte"
  private static let labels = "train-labels-idx1-ubyte"

  @Test(arguments: [images, images + ".gz"]) func packedAndUnpackedReadAlike(file: String) throws {
    let source = try openSource(at: Fixture.path(file))
    #expect(source is IDXSource)
    #expect(source.count == 6)
    #expect(source.shape == ImageShape(channels: 1, height: 5, width: 4))
    let content = Array(try Fixture.data(Self.images))
    for index in 0..<6 {
      let expected = Array(content[16 + 20 * index..<36 + 20 * index])
      #expect(try source.image(at: index) == Image(width: 4, height: 5, channels: 1, pixels: expected))
    }
    #expect((0..<6).map { source.label(of: $0) } == [3, 0, 2, 2, 1, 0])
    #expect(source.classNames == ["0", "1", "2", "3"])
  }

  /// Packed or not, and wherever it lies: every pixel and every label is part of it.
  @Test func identityIsThatOfTheContent() throws {
    let folder = try ScratchFolder()
    let content = Array(try Fixture.data(Self.images))
    func identity(_ bytes: [UInt8]) throws -> DataIdentity {
      try folder.write(bytes, to: Self.images)
      return try openSource(at: folder.path).identity()
    }
    try folder.copyFixture(Self.labels + ".gz", to: Self.labels + ".gz")
    let whole = try openSource(at: Fixture.path(Self.images)).identity()
    #expect(try openSource(at: Fixture.path(Self.images + ".gz")).identity() == whole)
    #expect(try identity(content) == whole)
    for changed in [16, content.count - 1] {
      var bytes = content
      bytes[changed] ^= 1
      #expect(try identity(bytes).hash != whole.hash)
    }
    // Four by five pixels are as many as five by four.
    var turned = content
    (turned[11], turned[15]) = (content[15], content[11])
    #expect(try identity(turned).hash != whole.hash)
    try FileManager.default.removeItem(atPath: "\(folder.path)/\(Self.labels).gz")
    #expect(try identity(content).hash != whole.hash)
  }

  @Test func aFolderGivesItsTrainingPart() throws {
    let folder = try ScratchFolder()
    try folder.copyFixture(Self.images + ".gz", to: "t10k-images-idx3-ubyte.gz")
    let test = try #require(try openSource(at: folder.path) as? IDXSource)
    #expect(test.imagesPath == folder.path + "/t10k-images-idx3-ubyte.gz")
    #expect(test.labelsPath == nil && test.label(of: 0) == nil && test.classNames == [])
    try folder.copyFixture(Self.images + ".gz", to: Self.images + ".gz")
    let training = try #require(try openSource(at: folder.path) as? IDXSource)
    #expect(training.imagesPath == folder.path + "/" + Self.images + ".gz")
  }

  /// As a download of Kaggle's unpacks: each file in a folder of its own name.
  @Test func aFileMayLieInAFolderOfItsName() throws {
    let folder = try ScratchFolder()
    for file in [Self.images, Self.labels] {
      try folder.copyFixture(file + (file == Self.labels ? ".gz" : ""), to: file + "/" + file)
    }
    let source = try #require(try openSource(at: folder.path) as? IDXSource)
    #expect(source.imagesPath == "\(folder.path)/\(Self.images)/\(Self.images)")
    #expect(source.count == 6)
    #expect((0..<6).map { source.label(of: $0) } == [3, 0, 2, 2, 1, 0])
  }

  @Test func severalChannelsAreRefusedWithWhatToDo() throws {
    let folder = try ScratchFolder()
    try folder.write([0, 0, 8, 4], to: "train-images-idx4-ubyte")
    let error = #expect(throws: DatasetError.self) { try openSource(at: folder.path) }
    #expect(error?.description.contains("save it as .npy of [N, H, W, C]") == true)
  }

  @Test func severalSetsInAFolderAreNotGuessed() throws {
    let folder = try ScratchFolder()
    for name in ["letters-images-idx3-ubyte", "digits-images-idx3-ubyte"] {
      try folder.copyFixture(Self.images, to: name)
    }
    let error = #expect(throws: DatasetError.self) { try openSource(at: folder.path) }
    #expect(error?.description.contains("digits-images-idx3-ubyte, letters-images-idx3-ubyte") == true)
  }

  @Test(arguments: [images, images + ".gz"]) func everyTruncationIsNoticed(file: String) throws {
    let folder = try ScratchFolder()
    let content = Array(try Fixture.data(file))
    for length in 0..<content.count {
      try folder.write(content.prefix(length), to: file)
      #expect(throws: DatasetError.self, "\(length) bytes") { try IDXSource(imagesPath: folder.path + "/" + file) }
    }
    try folder.write(content, to: file)
    #expect(try IDXSource(imagesPath: folder.path + "/" + file).count == 6)
  }

  @Test func everyDamagedByteOfAPackedFileIsNoticed() throws {
    let folder = try ScratchFolder()
    let file = Self.images + ".gz"
    let content = Array(try Fixture.data(file))
    // After its first three bytes, gzip's header of ten holds a hint, a time and the system's name, which say nothing of
    // the content.
    for position in Array(0..<3) + Array(10..<content.count) {
      var damaged = content
      damaged[position] ^= 0x01
      try folder.write(damaged, to: file)
      #expect(throws: DatasetError.self, "byte \(position)") { try IDXSource(imagesPath: folder.path + "/" + file) }
    }
  }

  @Test func headersThatContradictTheFileAreRefused() throws {
    let folder = try ScratchFolder()
    let path = folder.path + "/" + Self.images
    let content = Array(try Fixture.data(Self.images))

    try folder.write(content + [0], to: Self.images)
    let longer = #expect(throws: DatasetError.self) { try openSource(at: path) }
    #expect(longer == .corrupt(path: path, reason: "it goes on after the 120 bytes that its header says"))

    var huge = content
    huge.replaceSubrange(4..<16, with: repeatElement(0xFF, count: 12))
    try folder.write(huge, to: Self.images)
    let error = #expect(throws: DatasetError.self) { try openSource(at: path) }
    #expect(error?.description.contains("cannot hold what its header says") == true)

    try folder.copyFixture(Self.images, to: Self.images)
    try folder.write([0, 0, 8, 1, 0, 0, 0, 2, 7, 7], to: Self.labels)
    let labels = #expect(throws: DatasetError.self) { try openSource(at: path) }
    #expect(
      labels
        == .corrupt(path: folder.path + "/" + Self.labels, reason: "it has 2 labels for the 6 images of \(path)"))
    #expect(throws: DatasetError.self) { try openSource(at: folder.path + "/" + Self.labels) }
  }
}
