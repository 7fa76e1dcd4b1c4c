import Compute
import MaskedAutoencoder
import Testing
import VisionTransformer

@Suite struct ParameterTableTests {
  static let configuration = sample(
    (8, 12), patch: 4, channels: 3, ratio: 0.5, encoder: (20, 2, 5, 1.5), decoder: (12, 1, 3, 4))
  static let table = MaskedAutoencoder(configuration).table

  /// The authors' names and shapes, in the order of the forward pass.
  @Test func namesAndShapes() {
    var expected: [(String, [Int])] = [
      ("cls_token", [1, 1, 20]), ("patch_embed.proj.weight", [20, 3, 4, 4]), ("patch_embed.proj.bias", [20]),
    ]
    expected += block("blocks.0", width: 20, hidden: 30) + block("blocks.1", width: 20, hidden: 30)
    expected += [
      ("norm.weight", [20]), ("norm.bias", [20]), ("decoder_embed.weight", [12, 20]), ("decoder_embed.bias", [12]),
      ("mask_token", [1, 1, 12]),
    ]
    expected += block("decoder_blocks.0", width: 12, hidden: 48)
    expected += [
      ("decoder_norm.weight", [12]), ("decoder_norm.bias", [12]), ("decoder_pred.weight", [48, 12]),
      ("decoder_pred.bias", [48]),
    ]
    #expect(Self.table.specs.map(\.name) == expected.map(\.0))
    #expect(Self.table.specs.map(\.shape) == expected.map(\.1))
  }

  @Test func everyTensorStartsOnACacheLineAndNoneOverlap() {
    var end = 0
    for spec in Self.table.specs {
      #expect(spec.range.lowerBound == (end + 15) / 16 * 16, "\(spec.name)")
      #expect(spec.range.count == spec.shape.reduce(1, *), "\(spec.name)")
      end = spec.range.upperBound
    }
    #expect(Self.table.arenaCount == (end + 15) / 16 * 16)
  }

  @Test func groupsCoverTheArenaAndTheirGapsTheRest() {
    let groups = Self.table.groups
    func block(_ name: String) -> [String] {
      ["attn.qkv", "attn.proj", "mlp.fc1", "mlp.fc2"].map { "\(name).\($0)" }
    }
    #expect(
      groups.map(\.name)
        == ["patch_embed"] + block("blocks.0") + block("blocks.1") + ["norm", "decoder_embed"]
        + block("decoder_blocks.0") + ["decoder_pred"])
    var covered = Array(repeating: 0, count: Self.table.arenaCount)
    for group in groups { for gap in group.gaps { for index in gap { covered[index] += 1 } } }
    for spec in Self.table.specs { for index in spec.range { covered[index] += 1 } }
    #expect(covered.allSatisfy { $0 == 1 })
    #expect(groups.first!.range.lowerBound == 0 && groups.last!.range.upperBound == Self.table.arenaCount)
    for (group, next) in zip(groups, groups.dropFirst()) { #expect(group.range.upperBound == next.range.lowerBound) }
    for group in groups {
      #expect(group.gaps.allSatisfy { group.range.contains($0.lowerBound) && group.range.upperBound >= $0.upperBound })
    }
    #expect(Self.table.largestGroupCount == groups.map(\.range.count).max())
  }

  /// Decay goes to tensors of two dimensions and more: the two tokens are among them.
  @Test func decayedAreWeightsAndTokens() {
    for spec in Self.table.specs {
      let isNorm = spec.name.contains("norm")
      let isBias = spec.name.hasSuffix(".bias")
      #expect(spec.isDecayed == !(isNorm || isBias), "\(spec.name)")
    }
    #expect(Self.table.specs.filter(\.isDecayed).count == 2 + 3 + 3 * 4)
  }

  @Test func layersOfLayerWiseDecay() {
    for spec in Self.table.specs {
      let expected =
        switch spec.name {
        case "cls_token", "patch_embed.proj.weight", "patch_embed.proj.bias": 0
        case let name where name.hasPrefix("blocks.0."): 1
        case let name where name.hasPrefix("blocks.1."): 2
        default: 3
        }
      #expect(spec.layer == expected, "\(spec.name)")
    }
  }

  /// Encoder and decoder of ViT-B, L and H: 85.6 and 26.0, 303.1 and 26.1, 630.4 and 26.2 million. A block has
  /// 12D² + 13D, a decoder 8 blocks of D = 512; the exact counts were added up by hand.
  @Test(arguments: [
    (768, 12, 12, 16, 85_647_360, 26_008_320), (1024, 24, 16, 16, 303_099_904, 26_139_392),
    (1280, 32, 16, 14, 630_435_840, 26_178_124),
  ])
  func publishedSizes(_ width: Int, _ depth: Int, _ heads: Int, _ patch: Int, _ encoder: Int, _ decoder: Int) {
    var model = ModelConfiguration()
    model.encoder = TransformerConfiguration(width: width, depth: depth, heads: heads)
    model.patchSize = patch
    let table = MaskedAutoencoder(model).table
    let painted = table.specs.filter { $0.name.hasPrefix("decoder") || $0.name == "mask_token" }
    let decoderCount = painted.reduce(0) { $0 + $1.range.count }
    #expect(decoderCount == decoder)
    #expect(table.parameterCount - decoderCount == encoder)
  }

  private func block(_ name: String, width: Int, hidden: Int) -> [(String, [Int])] {
    [
      ("norm1.weight", [width]), ("norm1.bias", [width]), ("attn.qkv.weight", [3 * width, width]),
      ("attn.qkv.bias", [3 * width]), ("attn.proj.weight", [width, width]), ("attn.proj.bias", [width]),
      ("norm2.weight", [width]), ("norm2.bias", [width]), ("mlp.fc1.weight", [hidden, width]),
      ("mlp.fc1.bias", [hidden]), ("mlp.fc2.weight", [width, hidden]), ("mlp.fc2.bias", [width]),
    ].map { ("\(name).\($0.0)", $0.1) }
  }
}
