import Compute
import Interoperability
import MaskedAutoencoder
import Pretraining
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
    let sums = (0..<24 * 49).map { index -> Float in
      let first = index / 49 * 147 + index % 49
      return old[first] + old[first + 49] + old[first + 98]
    }
    #expect(new == sums)
    let (oldBias, newBias) = (
      try tensor("decoder_pred.bias", of: colour), try tensor("decoder_pred.bias", of: imported.model)
    )
    let means = (0..<49).map { pixel -> Float in
      let sum: Float = oldBias[3 * pixel] + oldBias[3 * pixel + 1] + oldBias[3 * pixel + 2]
      return sum / 3
    }
    #expect(zip(newBias, means).map { abs($0 - $1) }.max() ?? 1 <= 1e-7)
    #expect(imported.model.configuration.data.mean == [0.5])
  }

  /// Patches of another size have tensors of another shape, which no adaptation makes fit.
  @Test func patchesOfAnotherSizeAreRefused() throws {
    let refusal = try sentence {
      try TrainedModel.importing(fixture("hf"), overrides: ["model.channels=1", "model.patch_size=14"])
    }
    #expect(refusal.contains("has shape"), "\(refusal)")
    let many = try sentence { try TrainedModel.importing(fixture("hf"), overrides: ["model.channels=10000000000000"]) }
    #expect(many.contains("model.channels"), "\(many)")
  }

  /// As timm: the old channels in turn, the response keeping its size.
  @Test func fourChannelsTakeTurns() throws {
    let colour = try TrainedModel.importing(fixture("hf")).model
    let four = try TrainedModel.importing(fixture("hf"), overrides: ["model.channels=4"]).model
    let (old, new) = (
      try tensor("patch_embed.proj.weight", of: colour), try tensor("patch_embed.proj.weight", of: four)
    )
    #expect(Array(new[..<196]) == (0..<196).map { old[$0 % 147] * 0.75 })
  }
}
