import Compute
import Configuration
import Datasets
import Imaging
import Parameters
import Testing
import Training

@testable import Classification

/// What a run of classification adds to the model.
@Suite struct ClassificationTests {
  private static let yaml = """
    model:
      image_size: 8
      patch_size: 4
      channels: 1
      classes: 3
      encoder: {width: 8, depth: 2, heads: 2}
    data: {path: nowhere, mean: [0.5], std: [0.25]}
    train: {batch_size: 4}
    parallel: {virtual_workers: 2}
    """

  private func task(_ settings: [String] = []) throws -> ImageClassification {
    try ImageClassification(ClassificationConfiguration.decode(yaml: Self.yaml, overrides: settings))
  }

  /// Layer 0 is the embedding, 1 and 2 the blocks, 3 what comes after them.
  @Test func layersLearnTheMoreSlowlyTheNearerTheyAreToTheImages() throws {
    let task = try task(["finetune.layer_decay=0.5"])
    for (spec, group) in zip(task.table.specs, task.parameterGroups) {
      #expect(spec.range == group.range)
      let expected =
        spec.name.hasPrefix("blocks.0") ? 0.25 : spec.name.hasPrefix("blocks.1") ? 0.5 : spec.layer == 3 ? 1 : 0.125
      #expect(group.rateScale == expected, "\(spec.name)")
      let isMatrix = spec.name.hasSuffix("weight") && !spec.name.contains("norm")
      #expect(group.weightDecay == (isMatrix ? 0.05 : 0), "\(spec.name)")
    }
  }

  @Test(arguments: [("0", ["head.weight", "head.bias"]), ("0.5", ["fc_norm.weight", "blocks.1.mlp.fc2.bias"])])
  func whatIsNotTrainedIsAConstantOfTheCheckpoint(blocks: String, trained: [String]) throws {
    let task = try task(["finetune.trained_blocks=\(blocks)"])
    let names = Set(task.table.specs.map(\.name))
    #expect(names.isSuperset(of: trained) && !names.contains("blocks.1.attn.qkv.weight"))
    #expect(names.isDisjoint(with: task.constants.map(\.name)))
    // 2 of the embedding, 12 a block, 2 of the norm and 2 of the head, and the cls token.
    #expect(names.count + task.constants.count == 3 + 2 * 12 + 4)
  }

  @Test(arguments: [
    ("finetune.trained_blocks=1.5", "neither a whole number of blocks nor 0.5"),
    ("finetune.trained_blocks=3", "the encoder has 2 blocks"), ("finetune.batch_norm=true", "what lies before it"),
    ("finetune.ema_decay=1", "below 1"), ("parallel.virtual_workers=4", "they are mixed in pairs"),
    ("data.rand_augment=auto", "does not begin with rand-"),
    ("model.image_size=10", "not divisible by model.patch_size"),
  ]) func refuses(setting: String, sentence: String) {
    let error = #expect(throws: ConfigurationError.self) { try task([setting]) }
    #expect(error?.description.contains(sentence.prefix(20)) ?? false, "\(error?.description ?? "")")
  }

  @Test func policiesComeBackAsTheyWereWritten() throws {
    let configuration = try ClassificationConfiguration.decode(yaml: Self.yaml)
    #expect(configuration.data.randAugment == RandAugment())
    #expect(try ClassificationConfiguration.decode(yaml: configuration.yaml()) == configuration)
    let without = try ClassificationConfiguration.decode(yaml: Self.yaml, overrides: ["data.rand_augment=null"])
    #expect(without.data.randAugment == nil)
    #expect(try ClassificationConfiguration.decode(yaml: without.yaml()) == without)
  }

  @Test func anAverageIsAMomentOfTheCheckpointAndHasMemory() throws {
    let (task, averaged) = (
      try task(["validation.path=there"]), try task(["finetune.ema_decay=0.9", "validation.path=there"])
    )
    #expect(task.averageDecay == nil && averaged.averageDecay == 0.9)
    let placement = VirtualWorkerPlacement(virtualWorkers: 2, imagesPerVirtualWorker: 2, rank: 0, ranks: 1, threads: 1)
    func bytes(_ task: ImageClassification, _ part: String) -> Int {
      TrainingMemory(task, placement: placement).parts.first { $0.name == part }?.bytes ?? 0
    }
    #expect(2 * bytes(averaged, "moments") == 3 * bytes(task, "moments"))
    #expect(bytes(averaged, "evaluation") == bytes(task, "evaluation"))
    let error = #expect(throws: ConfigurationError.self) {
      try self.task(["finetune.trained_blocks=0", "finetune.batch_norm=true", "finetune.ema_decay=0.9"])
    }
    #expect(error?.description.contains("averages no statistics of finetune.batch_norm") ?? false)
  }

  // MARK: Classes

  private func classes(_ names: [String], trained: [String], onlyPresent: Bool = false) throws -> ValidationClasses {
    try ValidationClasses(
      of: NamedImages(classNames: names), at: "there", trained: LearnedClasses(names: trained),
      onlyPresent: onlyPresent)
  }

  @Test func classesAreMatchedByTheirNames() throws {
    let classes = try classes(["cat", "ant", "bee"], trained: ["ant", "bee", "cat"])
    #expect(classes.choices == [0, 1, 2] && classes.names == ["ant", "bee", "cat"])
    #expect(classes.places == [2, 0, 1] && classes.leftOut == 0)
    let some = try self.classes(["cat", "ant"], trained: ["ant", "bee", "cat"], onlyPresent: true)
    #expect(some.choices == [0, 2] && some.names == ["ant", "cat"])
    #expect(some.places == [1, 0] && some.leftOut == 1)
  }

  @Test func aClassThatOneSideLacksIsOneSentence() {
    let unknown = #expect(throws: ClassificationError.self) { try classes(["ant", "dog"], trained: ["ant", "bee"]) }
    #expect(unknown?.description.contains("have a class that the training images lack, such as dog") ?? false)
    let absent = #expect(throws: ClassificationError.self) { try classes(["ant"], trained: ["ant", "bee", "cat"]) }
    #expect(absent?.description.contains("lack 2 classes of the training images, such as bee") ?? false)
    let unlabelled = #expect(throws: ClassificationError.self) { try classes([], trained: ["ant"]) }
    #expect(unlabelled?.description.contains("have no labels") ?? false)
  }

  /// A class that no image is trained on is the training's fault, and no answer for validation images that have it.
  @Test func aClassWithoutTrainingImagesIsOneSentence() throws {
    let learned = LearnedClasses(of: NamedImages(classNames: ["0", "1", "2"], labels: [0, 2, 2]))
    #expect(learned.names == ["0", "1", "2"] && learned.empty == [1])
    func classes(_ labels: [Int], onlyPresent: Bool = false) throws -> ValidationClasses {
      try ValidationClasses(
        of: NamedImages(classNames: ["0", "1", "2"], labels: labels), at: "there", trained: learned,
        onlyPresent: onlyPresent)
    }
    let empty = #expect(throws: ClassificationError.self) { try classes([2, 0]) }
    #expect(
      empty?.description.contains("the training images of data.path have a class without an image, such as 1") ?? false)
    // Where the validation has images of it, they count, and are hardly ever answered rightly.
    #expect(try classes([2, 1, 0]).choices == [0, 1, 2])
    // What the validation alone lacks is its own.
    let absent = #expect(throws: ClassificationError.self) {
      try self.classes(["0", "2"], trained: ["0", "1", "2"])
    }
    #expect(absent?.description.contains("lack a class of the training images, such as 1") ?? false)
    #expect(try classes([2, 0], onlyPresent: true).choices == [0, 2])
  }

  @Test func imagesOfTheWrongNumberOfClassesAreOneSentence() throws {
    let configuration = try ClassificationConfiguration.decode(yaml: Self.yaml)
    for (names, sentence) in [
      ([], "they have no labels; give a folder with a subfolder for each class, tar shards with .cls members, an IDX"),
      (["ant"], "all are of the class ant, so that there is nothing to tell apart; give images of two classes"),
      (["ant", "bee"], "they are of 2 classes, and model.classes is 3; set model.classes=2"),
    ] as [([String], String)] {
      let error = #expect(throws: TrainingError.self) {
        try ImageClassification.check(NamedImages(classNames: names), for: configuration)
      }
      #expect(error?.description.contains(sentence) ?? false, "\(error?.description ?? "")")
    }
  }

  /// é as one character and as two: folders apart, and one name.
  @Test func twoClassesOfOneNameAreRefused() throws {
    let configuration = try ClassificationConfiguration.decode(yaml: Self.yaml, overrides: ["model.classes=3"])
    let error = #expect(throws: TrainingError.self) {
      try ImageClassification.check(NamedImages(classNames: ["a", "caf\u{e9}", "cafe\u{301}"]), for: configuration)
    }
    #expect(error?.description.contains("two of their classes have the name") ?? false)
    try ImageClassification.check(NamedImages(classNames: ["a", "b", "c"]), for: configuration)
  }
}

/// Images that are nothing but labels: one for each class unless others are given.
struct NamedImages: ImageSource {
  let kind = "names"
  let classNames: [String]
  /// In the place of one image for each class.
  var labels: [Int]?
  let shape: ImageShape? = nil
  var count: Int { labels?.count ?? max(1, classNames.count) }

  func identity() -> DataIdentity { DataIdentity(count: count, hash: "") }
  func name(of index: Int) -> String { "image \(index)" }
  func label(of index: Int) -> Int? { classNames.isEmpty ? nil : labels?[index] ?? index }
  func image(at index: Int) throws(DatasetError) -> Image { preconditionFailure("nobody looks at it") }
}
