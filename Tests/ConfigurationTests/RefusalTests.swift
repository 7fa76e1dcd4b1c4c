import Configuration
import Foundation
import Testing

/// Every way to be wrong, with the sentence that it gets.
struct RefusalTests {
  @Test(arguments: [
    ("train:\n  batch_sise: 1", "train.batch_sise is not a known key; the nearest known key is train.batch_size"),
    ("model:\n  width: 1", "model.width is not a known key; the nearest known key is model.encoder.width"),
    ("model:\n  encodre: {}", "model.encodre is not a known key; the nearest known key is model.encoder"),
    ("data: {path: a}\nBatch-Size: 2", "Batch-Size is not a known key; the nearest known key is train.batch_size"),
    ("data:\n  <<: {path: a}", "data.<< is not a known key; the nearest known key is data.std"),
  ])
  func unknownKeysNameTheNearest(yaml: String, sentence: String) {
    #expect(refusal(yaml) == "config error: \(sentence) (a.yaml:2)")
  }

  @Test(arguments: [
    ("train.batch_size", "many", "a whole number, at least 1, found many"),
    ("train.batch_size", "2.5", "a whole number, at least 1, found 2.5"),
    ("train.batch_size", "4096.0", "a whole number, at least 1, found 4096.0; write 4096"),
    ("train.batch_size", "4e3", "a whole number, at least 1, found 4e3; write 4000"),
    (
      "train.batch_size", "010",
      "a whole number, at least 1, found 010; write it without leading zeros, which YAML versions read differently"
    ),
    ("train.batch_size", "0x10", "a whole number, at least 1, found 0x10"),
    ("train.batch_size", "1:30", "a whole number, at least 1, found 1:30"),
    ("train.batch_size", "1__0", "a whole number, at least 1, found 1__0"),
    ("train.batch_size", "'8'", "a whole number, at least 1, found the quoted text \"8\"; write it without quotes"),
    ("train.batch_size", "", "a whole number, at least 1, found nothing"),
    ("train.batch_size", "[8]", "a whole number, at least 1, found a list of 1 value"),
    ("train.batch_size", "{a: 8}", "a whole number, at least 1, found a section of keys"),
    (
      "train.batch_size", "9223372036854775808",
      "a whole number from -9223372036854775808 to 9223372036854775807, found 9223372036854775808"
    ),
    ("train.seed", "-1", "a whole number from 0 to 18446744073709551615, found -1"),
    ("train.steps", "soon", "a whole number, at least 1, or null, found soon"),
    ("train.base_learning_rate", "fast", "a number, above 0.0, at most 1.0, found fast"),
    (
      "train.base_learning_rate", "'1e-4'",
      "a number, above 0.0, at most 1.0, found the quoted text \"1e-4\"; write it without quotes"
    ),
    ("train.base_learning_rate", "\"0,5\"", "a number, above 0.0, at most 1.0, found the quoted text \"0,5\""),
    ("train.base_learning_rate", "0,5", "a number, above 0.0, at most 1.0, found 0,5; write 0.5"),
    ("train.base_learning_rate", "1e999", "a finite number, found 1e999"),
    ("train.base_learning_rate", ".nan", "a finite number, found .nan"),
    ("train.base_learning_rate", "-.Inf", "a finite number, found -.Inf"),
    ("train.flip", "yes", "true or false, found yes; write true"),
    ("train.flip", "Off", "true or false, found Off; write false"),
    ("train.flip", "perhaps", "true or false, found perhaps"),
    ("train.precision", "fp16", "one of fp32, bf16, found fp16"),
    ("train.precision", "BF16", "one of fp32, bf16, found BF16; write bf16"),
    ("data.path", "~", "text, found nothing; put it in quotes if it is meant as text"),
    ("data.mean", "0.5", "a list, each element a number, not empty, found 0.5"),
    (
      "data.mean", "[0.5, dark]",
      "a list, each element a number, not empty, found a list of 2 values; element 2 is dark"
    ),
    (
      "model.image_size", "[1, 2, 3]",
      "a size in pixels: one whole number, or [height, width], found a list of 3 values"
    ),
    ("model.encoder", "3", "a section with the keys width, heads, found 3"),
  ])
  func wrongTypesNameKeyExpectedAndFound(key: String, value: String, sentence: String) {
    let names = key.split(separator: ".")
    #expect(refusal("\(names[0]):\n  \(names[1]): \(value)\n") == "config error: \(key) must be \(sentence) (a.yaml:2)")
    #expect(refusal("", set: "\(key)=\(value)") == "config error: \(key) must be \(sentence) (--set \(key)=\(value))")
  }

  @Test func theLineOfAListIsWhereItBegins() {
    let yaml = "data:\n  mean:\n    - 1\n    - 2\n    - x\n"
    #expect(refusal(yaml).hasSuffix("element 3 is x (a.yaml:3)"))
  }

  @Test(arguments: [
    ("train: {batch_size: 0}", "train.batch_size is 0, but must be at least 1"),
    ("train: {steps: -5}", "train.steps is -5, but must be at least 1"),
    ("train: {base_learning_rate: 1.5}", "train.base_learning_rate is 1.5, but must be at most 1.0"),
    ("model: {mask_ratio: 1}", "model.mask_ratio is 1.0, but must be below 1.0"),
    ("model: {mask_ratio: 0}", "model.mask_ratio is 0.0, but must be above 0.0"),
    ("data: {mean: []}", "data.mean is [], but must be not empty"),
    ("data: {std: [1, 0]}", "data.std is [1.0, 0.0], but must be each above 0.0"),
    ("model: {encoder: {heads: 0}}", "model.encoder.heads is 0, but must be at least 1"),
    (
      "model: {encoder: {width: 190}}",
      "model.encoder.width is 190, which is not divisible by model.encoder.heads (3); take 189 or 192"
    ),
    (
      "model: {image_size: [224, 230]}",
      "model.image_size is [224, 230], which is not divisible by model.patch_size (16)"
    ),
  ])
  func valuesOutOfRangeAreRefusedWithTheirLine(yaml: String, sentence: String) {
    #expect(refusal(yaml) == "config error: \(sentence) (a.yaml:1)")
  }

  @Test func theOriginOfAValueIsTheLastPlaceThatSetIt() {
    #expect(
      refusal("train:\n  batch_size: 0", set: "train.batch_size=-1")
        == "config error: train.batch_size is -1, but must be at least 1 (--set train.batch_size=-1)")
    #expect(
      refusal("", set: "model.encoder.heads=5")
        == "config error: model.encoder.width is 192, which is not divisible by model.encoder.heads (5); "
        + "take 190 or 195")
  }

  @Test func aConfigurationMadeInCodeIsChecked() {
    var configuration = SampleConfiguration()
    configuration.model.encoder.width = 190
    #expect(throws: ConfigurationError.self) { try configuration.check() }
    configuration.model.encoder.width = 192
    #expect(throws: Never.self) { try configuration.check() }
    configuration.train.batchSize = 0
    #expect(throws: ConfigurationError.self) { try configuration.check() }
  }

  @Test(arguments: [
    (
      "train:\n  steps: 1\n  seed: 2\n  steps: 1\n",
      "the key \"steps\" stands more than once in its section; keep one of them (a.yaml:2)"
    ),
    (
      "train: {yes: 1}\nmodel: {}\n'train': {}\n",
      "the key \"train\" stands more than once in its section; keep one of them (a.yaml:1)"
    ),
    ("on: 1\n'on': 2\n", "the key \"on\" stands more than once in its section; keep one of them (a.yaml:2)"),
    ("[a, b]: 1\n", "a key must be a plain name, not a list or section (a.yaml:1)"),
    (
      "- model\n- train\n",
      "the configuration must be a section with the keys model, data, train, found a list of 2 values (a.yaml:1)"
    ),
    ("train:\n\tsteps: 1\n", "the line begins with a tab; indent with spaces (a.yaml:2)"),
    ("train:\n  steps: 1\n  \tseed: 1\n", "the line begins with a tab; indent with spaces (a.yaml:3)"),
    ("train: {steps: 1\n", "the YAML is not valid: did not find expected ',' or '}' (a.yaml:2)"),
    ("a: *b\n", "the YAML is not valid: found undefined alias (a.yaml:1)"),
    ("a: 1\n---\nb: 1\n", "the YAML is not valid: but found another document (a.yaml:2)"),
    ("a: 1\nb: \u{1}\n", "the YAML is not valid: control characters are not allowed (a.yaml:2)"),
  ])
  func brokenTextIsRefusedWithItsLine(yaml: String, sentence: String) {
    #expect(refusal(yaml) == "config error: \(sentence)")
  }

  @Test(arguments: [
    ("train.epochs", "--set needs key=value, as in train.epochs=800, found \"train.epochs\""),
    ("=3", "--set needs key=value with a key as in train.epochs, found the key \"\" in \"=3\""),
    ("train..a=3", "--set needs key=value with a key as in train.epochs, found the key \"train..a\" in \"train..a=3\""),
    ("train.a =3", "--set needs key=value with a key as in train.epochs, found the key \"train.a \" in \"train.a =3\""),
    ("sede=3", "sede is not a known key; the nearest known key is train.seed (--set sede=3)"),
    ("train.seed=[3", "the YAML is not valid: did not find expected ',' or ']' (--set train.seed=[3)"),
    (
      "train.seed=a: b",
      "train.seed must be a whole number that is not negative, found a section of keys (--set train.seed=a: b)"
    ),
  ])
  func wrongOverridesAreRefused(override: String, sentence: String) {
    #expect(refusal("", set: override) == "config error: \(sentence)")
  }

  @Test func unreadableFilesAreRefused() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "mae-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func refusal(_ name: String) -> String {
      do throws(ConfigurationError) {
        _ = try SampleConfiguration.load(file: name)
        return "accepted"
      } catch {
        #expect(error.kind == .unreadable)
        return error.description
      }
    }
    func sentence(_ name: String, _ reason: String) -> String {
      "config error: cannot read the configuration \"\(name)\": \(reason)"
    }
    let (large, binary) = (folder.appending(path: "large").path, folder.appending(path: "binary").path)
    try Data(repeating: 32, count: (1 << 20) + 1).write(to: URL(filePath: large))
    try Data([0x61, 0xFF]).write(to: URL(filePath: binary))
    #expect(refusal("\(folder.path)/no.yaml") == sentence("\(folder.path)/no.yaml", "there is no such file"))
    #expect(refusal(folder.path) == sentence(folder.path, "it is a directory; name a YAML file"))
    #expect(refusal(large) == sentence(large, "it is larger than 1024 KiB, so it cannot be a configuration"))
    #expect(refusal(binary) == sentence(binary, "it is not UTF-8 text; save it as UTF-8"))
    #expect(refusal("\(large)/a.yaml") == sentence("\(large)/a.yaml", "not a directory"))
    // The first page of a process's memory cannot be read, not even by root.
    #expect(refusal("/proc/self/mem") == sentence("/proc/self/mem", "input/output error"))
  }
}
