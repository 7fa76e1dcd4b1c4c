import Configuration
import Foundation
import Testing

struct ReadingTests {
  @Test func everyKindOfValueIsRead() throws {
    let configuration = try SampleConfiguration.decode(
      yaml: """
        model:
          image_size: [224, 448]
          mask_ratio: 0.6
          encoder: {width: 384, heads: 6}
        data:
          path: "/data/a b"
          mean: [0.5, 1]
        train:
          batch_size: 4_096
          steps: 100
          seed: 18446744073709551615
          precision: bf16
          base_learning_rate: 5e-4
          flip: false
          note: ~
        """)
    #expect(configuration.model.imageSize == SampleSize(height: 224, width: 448))
    #expect(configuration.model.maskRatio == 0.6)
    #expect(configuration.model.patchSize == 16, "what the file leaves out keeps its default")
    #expect(configuration.model.encoder == SampleEncoder(width: 384, heads: 6))
    #expect(configuration.data == SampleData(path: "/data/a b", mean: [0.5, 1]))
    let train = configuration.train
    #expect(train.batchSize == 4096 && train.steps == 100 && train.seed == .max && train.precision == .bf16)
    #expect(train.baseLearningRate == 0.0005 && train.flip == false && train.note == nil)
  }

  @Test(arguments: ["", "# nothing but a comment\n", "model:\ntrain:\n  # all commented out\n", "null"])
  func emptyTextAndEmptySectionsAreDefaults(yaml: String) throws {
    #expect(try SampleConfiguration.decode(yaml: yaml) == SampleConfiguration())
  }

  @Test(arguments: [
    ("5e-4", 5e-4), ("1.5e-4", 1.5e-4), ("1E3", 1000), ("1", 1), ("-0.0", -0.0), ("+.5", 0.5), ("1_000.5", 1000.5),
    ("3.", 3), ("0.1", 0.1), ("2.2250738585072014e-308", 2.2250738585072014e-308), ("1e-400", 0), ("08.5", 8.5),
  ])
  func doublesAreReadWhateverYAMLTakesThemFor(text: String, value: Double) throws {
    let read = try SampleConfiguration.decode(yaml: "data: {mean: [\(text)]}").data.mean
    #expect(read.map(\.bitPattern) == [value.bitPattern])
  }

  @Test(arguments: [
    "2024", "yes", "1e3", "010", "a/b-{000..099}.tar", "'null'", "\"~\"", "über", "a: b".debugDescription,
  ])
  func textIsTakenAsItIsWritten(text: String) throws {
    let read = try SampleConfiguration.decode(yaml: "data:\n  path: \(text)\n").data.path
    #expect(read == text.trimmingCharacters(in: ["\"", "'"]))
  }

  @Test func aliasesStandForTheirAnchors() throws {
    let read = try SampleConfiguration.decode(yaml: "data:\n  mean: &half [0.5]\n  std: *half\n").data
    #expect(read == SampleData(mean: [0.5], std: [0.5]))
  }

  @Test func overridesAreTypedAndTheLastOneWins() throws {
    let read = try SampleConfiguration.decode(
      yaml: "train: {batch_size: 8, steps: 5}",
      overrides: [
        "train.batch_size=16", "train.steps=null", "train.base_learning_rate=1", "data.mean=[0.25, 1e-1]",
        "model.encoder={heads: 6}", "data.path=/a=b", "train.batch_size=32", "train.note=",
      ])
    #expect(read.train.batchSize == 32 && read.train.steps == nil && read.train.baseLearningRate == 1)
    #expect(read.data == SampleData(path: "/a=b", mean: [0.25, 0.1]))
    #expect(read.model.encoder == SampleEncoder(width: 192, heads: 6))
  }

  @Test func anOverrideRepairsWhatTheFileHasOutOfRange() throws {
    let read = try SampleConfiguration.decode(yaml: "train: {batch_size: 0}", overrides: ["train.batch_size=2"])
    #expect(read.train.batchSize == 2)
  }

  @Test func filesAreRead() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "mae-\(UUID().uuidString).yaml")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data("train:\n  batch_size: 12\n".utf8).write(to: file)
    #expect(try SampleConfiguration.load(file: file.path).train.batchSize == 12)
    try Data([0xEF, 0xBB, 0xBF] + "# a mark of bytes\ntrain:\n  batch_size: 14\n".utf8).write(to: file)
    #expect(try SampleConfiguration.load(file: file.path).train.batchSize == 14)
  }
}
