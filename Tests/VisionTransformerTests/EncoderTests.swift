import Compute
import Parameters
import Testing
import VisionTransformer

/// The encoder without anything around it.
@Suite struct EncoderTests {
  private static let positions = sineCosinePositions(
    grid: sampleConfiguration.patches.grid, width: sampleConfiguration.transformer.width)

  /// The latent of two images by an encoder whose parameters lie behind `before` floats of another part.
  private static func latent(behind before: Int) -> [UInt32] {
    var table = ParameterTable()
    if before > 0 {
      _ = table.add("other", shape: [before], initializer: .zeros, isDecayed: false)
      _ = table.endGroup("other", layer: 0)
    }
    let start = table.arenaCount
    let encoder = Encoder(
      sampleConfiguration, places: EncoderPlaces(sampleConfiguration, in: &table), positions: positions)
    let parameters = AlignedBuffer<Float>(repeating: 0, count: table.arenaCount)
    var stream = RandomStream(seed: 1, purpose: .initialization)
    for index in start..<table.arenaCount { parameters.base[index] = Float(stream.normal() / 4) }
    defer { extendLifetime(parameters) }
    let workspace = EncodingWorkspace(sampleConfiguration, imageCount: 2)
    defer { extendLifetime(workspace) }
    for index in 0..<workspace.images.flat.count { workspace.images.flat[index] = Float(stream.normal()) }
    encoder.encode(EncodingWeights(parameters.all), workspace: workspace)
    return workspace.latent.flat.array.map(\.bitPattern)
  }

  @Test func isTheSameWhereverItsParametersLie() {
    let alone = Self.latent(behind: 0)
    #expect(alone.count == 2 * 7 * 20 && Set(alone).count > 200)
    #expect(Self.latent(behind: 37) == alone)
  }
}
