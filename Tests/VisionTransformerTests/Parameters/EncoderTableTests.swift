import Compute
import Parameters
import Testing
import VisionTransformer

/// The encoder's part of a table, alone and among others.
@Suite struct EncoderTableTests {
  static let table = encoderTable(sampleConfiguration)

  /// timm's names and shapes, in the order of the forward pass, and nothing of a decoder or a head.
  @Test func namesAndShapes() {
    func block(_ name: String) -> [(String, [Int])] {
      [
        ("norm1.weight", [20]), ("norm1.bias", [20]), ("attn.qkv.weight", [60, 20]), ("attn.qkv.bias", [60]),
        ("attn.proj.weight", [20, 20]), ("attn.proj.bias", [20]), ("norm2.weight", [20]), ("norm2.bias", [20]),
        ("mlp.fc1.weight", [30, 20]), ("mlp.fc1.bias", [30]), ("mlp.fc2.weight", [20, 30]), ("mlp.fc2.bias", [20]),
      ].map { ("\(name).\($0.0)", $0.1) }
    }
    let expected =
      [("cls_token", [1, 1, 20]), ("patch_embed.proj.weight", [20, 3, 4, 4]), ("patch_embed.proj.bias", [20])]
      + block("blocks.0") + block("blocks.1") + [("norm.weight", [20]), ("norm.bias", [20])]
    #expect(Self.table.specs.map(\.name) == expected.map(\.0))
    #expect(Self.table.specs.map(\.shape) == expected.map(\.1))
  }

  @Test func layersAndDecay() {
    for spec in Self.table.specs {
      let layer =
        switch spec.name.split(separator: ".").first! {
        case "cls_token", "patch_embed": 0
        case "blocks": spec.name.hasPrefix("blocks.0.") ? 1 : 2
        default: 3
        }
      #expect(spec.layer == layer, "\(spec.name)")
      #expect(spec.isDecayed == !(spec.name.contains("norm") || spec.name.hasSuffix(".bias")), "\(spec.name)")
    }
  }

  /// A part does not know what was there before it: behind another one it is the same, moved.
  @Test func behindAnotherPart() {
    var table = ParameterTable()
    _ = table.addLinear("other", outputs: 7, inputs: 3)
    _ = table.endGroup("other", layer: 0)
    let start = table.arenaCount
    _ = EncoderPlaces(sampleConfiguration, in: &table)
    let moved = table.specs.dropFirst(2)
    #expect(moved.map(\.name) == Self.table.specs.map(\.name))
    #expect(moved.map(\.range.lowerBound) == Self.table.specs.map { start + $0.range.lowerBound })
    #expect(moved.map(\.layer) == Self.table.specs.map(\.layer))
    #expect(table.groups.dropFirst().map(\.name) == Self.table.groups.map(\.name))
    #expect(table.groups.dropFirst().map(\.range.count) == Self.table.groups.map(\.range.count))
    #expect(table.arenaCount == start + Self.table.arenaCount)
  }
}
