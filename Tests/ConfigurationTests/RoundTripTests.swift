import Configuration
import Testing

struct RoundTripTests {
  @Test func theResolvedTextHasKeysInTableOrder() {
    #expect(
      SampleConfiguration().yaml() == """
        model:
          image_size: 224
          patch_size: 16
          mask_ratio: 0.75
          encoder:
            width: 192
            heads: 3

        data:
          path: ""
          mean: [0.485, 0.456, 0.406]
          std: [0.229, 0.224, 0.225]

        train:
          batch_size: 4096
          steps: null
          seed: 0
          precision: fp32
          base_learning_rate: 0.00015
          flip: true
          note: null

        """)
  }

  @Test func theDocumentedTextExplainsEachKeyAndReadsBackTheSame() throws {
    let text = SampleConfiguration().yaml(documented: true)
    for entry in SampleConfiguration().entries {
      #expect(text.contains("# \(entry.documentation) (\(entry.expectation))\n"))
    }
    #expect(text.contains("  encoder:  # the encoder, which sees visible patches only\n"))
    #expect(
      text.contains("    width: 192  # features of a token (a whole number, at least 1)\n    heads: 3    # attention"))
    #expect(try SampleConfiguration.decode(yaml: text) == SampleConfiguration())
  }

  /// Each key, set alone to a value that is not its default, survives writing and reading.
  @Test(arguments: [
    ("model.image_size", "[32, 64]"), ("model.patch_size", "8"), ("model.mask_ratio", "0.1"),
    ("model.encoder.width", "195"), ("model.encoder.heads", "4"), ("data.path", "\"a # b: 'c'\""),
    ("data.mean", "[0.1]"), ("data.std", "[5.0e-05, 1.0]"), ("train.batch_size", "1"), ("train.steps", "7"),
    ("train.seed", "18446744073709551615"), ("train.precision", "bf16"), ("train.base_learning_rate", "5.0e-324"),
    ("train.flip", "false"), ("train.note", "\"null\""),
  ])
  func eachKeyRoundTrips(path: String, value: String) throws {
    let defaults = SampleConfiguration()
    let changed = try SampleConfiguration.decode(yaml: "", overrides: ["\(path)=\(value)"])
    let old = defaults.entries.first { $0.path.description == path }?.value
    let found = differences(between: defaults, and: changed)
    #expect(found.map(\.description) == ["\(path): \(old ?? "no such key") -> \(value)"])
    #expect(try SampleConfiguration.decode(yaml: changed.yaml()) == changed)
  }

  @Test func theTableOfTheTestAboveIsComplete() {
    let paths = [
      "model.image_size", "model.patch_size", "model.mask_ratio", "model.encoder.width", "model.encoder.heads",
      "data.path", "data.mean", "data.std", "train.batch_size", "train.steps", "train.seed", "train.precision",
      "train.base_learning_rate", "train.flip", "train.note",
    ]
    #expect(SampleConfiguration().entries.map(\.path.description) == paths)
  }

  @Test func randomConfigurationsRoundTrip() throws {
    let seed = UInt64.random(in: .min ... .max)
    print("randomConfigurationsRoundTrip: seed \(seed)")
    var generator = SplitMix64(state: seed)
    for _ in 0..<300 {
      var made = SampleConfiguration()
      made.model.patchSize = Int.random(in: 1...40, using: &generator)
      made.model.imageSize.height = made.model.patchSize * Int.random(in: 1...40, using: &generator)
      made.model.imageSize.width = made.model.patchSize * Int.random(in: 1...40, using: &generator)
      made.model.maskRatio = Double.random(in: 0.001..<1, using: &generator)
      made.data.path = text(&generator)
      made.data.mean = (0..<Int.random(in: 1...4, using: &generator)).map { _ in finite(&generator) }
      made.train.seed = generator.next()
      made.train.note = Bool.random(using: &generator) ? text(&generator) : nil
      made.train.steps = Bool.random(using: &generator) ? Int.random(in: 1 ... .max, using: &generator) : nil
      made.train.flip = Bool.random(using: &generator)
      made.train.precision = SamplePrecision.allCases.randomElement(using: &generator)!
      for documented in [false, true] {
        let yaml = made.yaml(documented: documented)
        let read = try SampleConfiguration.decode(yaml: yaml)
        #expect(read == made, "seed \(seed):\n\(yaml)")
        #expect(read.data.mean.map(\.bitPattern) == made.data.mean.map(\.bitPattern), "seed \(seed)")
        #expect(Array(read.data.path.unicodeScalars) == Array(made.data.path.unicodeScalars), "seed \(seed)")
        #expect(differences(between: read, and: made).isEmpty, "seed \(seed)")
      }
    }
  }

  /// Any finite double: every exponent, subnormals and both zeros are as likely as their bit patterns.
  private func finite(_ generator: inout SplitMix64) -> Double {
    while true {
      let value = Double(bitPattern: generator.next())
      if value.isFinite { return value }
    }
  }

  /// Words that YAML has opinions about, or any characters at all.
  private func text(_ generator: inout SplitMix64) -> String {
    let traps = [
      "", " ", "null", "Null", "~", "yes", "No", "on", "true", "5", "1e3", "0x1F", "-", "- a", "a: b", "#", "a #b",
      "[a", "{b}", "*c", "&d", "!e", "%f", "@g", "`h", "'", "\"", "\\", "a\nb", "\n", "\tx", "x ", " x", "---", "...",
      "?", "<<", "\u{85}", "\u{2028}", "a\u{FEFF}", "\u{0}", "\u{7F}", "\r\n", "2024-01-01", "1:30", "e\u{301}", "😀",
    ]
    if Bool.random(using: &generator) { return traps.randomElement(using: &generator)! }
    var made = String.UnicodeScalarView()
    for _ in 0..<Int.random(in: 0...12, using: &generator) {
      let limit: UInt32 = Bool.random(using: &generator) ? 0x80 : 0x110000
      let scalar = Unicode.Scalar(UInt32.random(in: 0..<limit, using: &generator))
      if let scalar, scalar != "\u{FEFF}" || !made.isEmpty { made.append(scalar) }
    }
    return String(made)
  }
}

/// Sebastiano Vigna's generator: 64 bits of state, so that a printed seed repeats a test.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
