import Collectives
import Compute
import Datasets
import Foundation
import Imaging
import TemporaryFiles
import Testing

@testable import Evaluation

@Suite struct LabelledDataTests {
  /// Arrays of one size in two classes: whatever is in them, their names and sizes are those of another such folder.
  private func writeArrays(to folder: String, first: Int, perClass: Int = 30) throws {
    for (label, name) in ["a", "b"].enumerated() {
      try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
      for index in 0..<perClass {
        let dictionary = "{'descr': '|u1', 'fortran_order': False, 'shape': (4, 4), }"
        let text: [UInt8] = Array(dictionary.utf8) + Array(repeating: 32, count: 117 - dictionary.utf8.count) + [10]
        let start: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.count), 0]
        let pixels = (0..<16).map { UInt8((first + index * 7 + label * 3 + $0) % 251) }
        try writeBytes(start + text + pixels, to: "\(folder)/\(name)/\(String(format: "%02d", index)).npy")
      }
    }
  }

  private func open(_ train: String, _ test: String) throws -> LabelledData {
    try LabelledData(
      train: DataPaths([train]), test: DataPaths([test]), decoding: DecodingOptions(channels: 1),
      communicator: InProcessCommunicator())
  }

  @Test func foldersOfEqualNamesAndSizesAreTwoSets() throws {
    let folder = try TemporaryDirectory()
    try writeArrays(to: "\(folder.path)/train", first: 0)
    try writeArrays(to: "\(folder.path)/test", first: 100)
    let (train, test) = ("\(folder.path)/train", "\(folder.path)/test")
    let decoding = DecodingOptions(channels: 1)
    try #require(
      try openSource(at: train, options: decoding).identity() == openSource(at: test, options: decoding).identity())
    #expect(try !open(train, test).isLeaveOneOut)
    #expect(try open(train, train).isLeaveOneOut)
  }

  /// The last image alone is another one.
  @Test func oneImageTellsTwoSetsApart() throws {
    let folder = try TemporaryDirectory()
    let (train, test) = ("\(folder.path)/train", "\(folder.path)/test")
    try writeArrays(to: train, first: 0)
    try writeArrays(to: test, first: 0)
    #expect(try open(train, test).isLeaveOneOut)
    var bytes = try readBytes("\(test)/b/29.npy")
    bytes[bytes.count - 1] ^= 1
    try writeBytes(bytes, to: "\(test)/b/29.npy")
    #expect(try !open(train, test).isLeaveOneOut)
  }

  @Test func aLinkToASetIsTheSet() throws {
    let folder = try TemporaryDirectory()
    try writeArrays(to: "\(folder.path)/train", first: 0)
    try FileManager.default.createSymbolicLink(
      atPath: "\(folder.path)/link", withDestinationPath: "\(folder.path)/train")
    #expect(try open("\(folder.path)/train", "\(folder.path)/link").isLeaveOneOut)
  }

  /// What cannot be used is alike in both, and tells nothing apart.
  @Test func brokenImagesOfACopyAreThoseOfTheSet() throws {
    let folder = try TemporaryDirectory()
    for name in ["train", "test"] {
      try writeArrays(to: "\(folder.path)/\(name)", first: 0, perClass: 3)
      try writeBytes([], to: "\(folder.path)/\(name)/a/01.npy")
    }
    #expect(try open("\(folder.path)/train", "\(folder.path)/test").isLeaveOneOut)
  }

  /// Test images whose class no image of the train set has are left out, and their features with them.
  @Test func imagesOfUnknownClassesAreLeftOut() throws {
    let train = LabelledSource(["a", "b", "c"], [0, 1, 1])
    let test = LabelledSource(["c", "b", "a"], [0, 1, 2, 0, 1])
    let data = try LabelledData(train: train, test: test, paths: ("train", "test"))
    func features(_ source: LabelledSource) -> FeatureSet {
      FeatureSet(source, width: 2, rows: AlignedBuffer<Float>((0..<2 * source.count).map { Float($0) }), leftOut: [])
    }
    let (trained, tested) = data.withoutUnknownClasses((features(train), features(test)))
    #expect(trained.count == 3 && tested.indices == [1, 2, 4])
    #expect(tested.rows.flat.array == [2, 3, 4, 5, 8, 9])
    let (classes, unknown) = try data.knownClasses()
    #expect(unknown == ["c"] && classes.classNames == ["a", "b"] && classes.testLabels == [1, 0, 1])
    #expect(try data.classes(of: (trained, tested)).testLabels == [1, 0, 1])
  }
}
