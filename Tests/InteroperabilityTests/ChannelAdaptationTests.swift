import Compute
import Evaluation
import Interoperability
import MaskedAutoencoder
import Testing

/// Weights for colour that are to see grey, or another number of channels.
@Suite struct ChannelAdaptationTests {
  private func tensor(_ name: String, of model: TrainedModel) throws -> [Float] {
    let spec = try #require(model.model.table.specs.first { $0.name == name })
    return model.parameters.all[spec.range].array
  }

  @Test func greySeesTheSumAndPaintsTheMean() throws {
    let colour = try TrainedModel.importing(fixture("hf")).model
    let imported = try TrainedModel.importing(fixture("hf"), overrides: ["model.channels=1"])
    #expect(imported.notes.contains { $0.contains("from 3 channels to 1") && $0.contains("prediction") })
    let (old, new) = (
      try tensor("patch_embed.proj.weight", of: colour), try tensor("patch_embed.proj.weight", of: imported.model)
    )
    #expect(new.count * 3 == old.count)
    for row in 0..<24 {
      for pixel in 0..<49 {
        let sum = old[(row * 3) * 49 + pixel] + old[(row * 3 + 1) * 49 + pixel] + old[(row * 3 + 2) * 49 + pixel]
        #expect(new[row * 49 + pixel] == sum)
      }
    }
    let (oldBias, newBias) = (
      try tensor("decoder_pred.bias", of: colour), try tensor("decoder_pred.bias", of: imported.model)
    )
    for pixel in 0..<49 {
      let mean = oldBias[3 * pixel] / 3 + oldBias[3 * pixel + 1] / 3 + oldBias[3 * pixel + 2] / 3
      #expect(abs(newBias[pixel] - mean) <= 1e-7)
    }
    #expect(imported.model.configuration.data.mean == [0.5])
  }

  /// As timm: the old channels in turn, the response keeping its size.
  @Test func fourChannelsTakeTurns() throws {
    let colour = try TrainedModel.importing(fixture("hf")).model
    let four = try TrainedModel.importing(fixture("hf"), overrides: ["model.channels=4"]).model
    let (old, new) = (
      try tensor("patch_embed.proj.weight", of: colour), try tensor("patch_embed.proj.weight", of: four)
    )
    for channel in 0..<4 {
      for pixel in 0..<49 { #expect(new[channel * 49 + pixel] == old[channel % 3 * 49 + pixel] * 0.75) }
    }
  }
}
