import Foundation
import Interoperability
import MaskedAutoencoder
import Pretraining
import Testing
import Training
import VisionTransformer

/// There and back, bit by bit.
@Suite struct RoundTripTests {
  private func export(
    _ model: TrainedModel, _ format: ModelFormat, encoderOnly: Bool = false, to folder: String
  ) throws {
    _ = try model.export(to: folder, ExportOptions(format: format, encoderOnly: encoderOnly))
  }

  /// Through a checkpoint on disk, as the commands do it.
  private func imported(_ path: String, in folder: TemporaryFolder, overrides: [String] = []) throws -> TrainedModel {
    let run = folder("run-\(UUID().uuidString)")
    try TrainedModel.importing(path, overrides: overrides).model.saveRun(to: run)
    return try TrainedModel(checkpoint: run)
  }

  @Test(arguments: ["hf", "hf_sharded"]) func huggingFaceComesBack(name: String) throws {
    let folder = try TemporaryFolder()
    try export(imported(fixture(name), in: folder), .huggingFace, to: folder("back"))
    #expect(try storedTensors(folder("back")) == storedTensors(fixture("hf")))
  }

  @Test func timmComesBack() throws {
    let folder = try TemporaryFolder()
    try export(imported(fixture("timm"), in: folder), .timm, to: folder("back"))
    #expect(try storedTensors(folder("back")) == storedTensors(fixture("timm")))
  }

  @Test func huggingFaceAndTimmHoldTheSameEncoder() throws {
    let folder = try TemporaryFolder()
    try export(imported(fixture("hf"), in: folder), .timm, to: folder("timm"))
    #expect(try storedTensors(folder("timm")) == storedTensors(fixture("timm")))
  }

  @Test func authorsNamesComeBackAsHuggingFace() throws {
    let folder = try TemporaryFolder()
    let model = try imported(fixture("hf"), in: folder)
    try export(model, .facebook, to: folder("facebook"))
    let back = try imported(folder("facebook"), in: folder)
    // All that is in the authors' configuration; nothing else is in a model.
    #expect(back.configuration.model == model.configuration.model)
    #expect(back.configuration.data == model.configuration.data)
    try export(back, .huggingFace, to: folder("back"))
    #expect(try storedTensors(folder("back")) == storedTensors(fixture("hf")))
  }

  /// `data.sample_range` in the words of others: a factor and a mean, or both in units of 255.
  @Test func samplesOfAnotherRangeComeToTheSameValues() throws {
    let folder = try TemporaryFolder()
    let model = try TrainedModel.importing(fixture("hf"), overrides: ["data.sample_range=[10, 210]"]).model
    try export(model, .huggingFace, to: folder("hf"))
    try export(model, .timm, to: folder("timm"))
    // (60 − 10) / 200 is what the network sees of a sample of 60, before mean and deviation.
    func expectSame(_ data: DataConfiguration, _ low: Double, _ width: Double) {
      for (channel, mean) in [0.45, 0.5, 0.55].enumerated() {
        let expected = (0.25 - mean) / [0.2, 0.25, 0.3][channel]
        let value = ((60 - low) / width - data.mean[channel]) / data.deviation[channel]
        #expect(abs(value - expected) < 1e-12)
      }
    }
    let back = try TrainedModel.importing(folder("hf")).model.configuration.data
    #expect(back.sampleRange == [0, 200])
    expectSame(back, 0, 200)
    let timm = try TrainedModel.importing(folder("timm")).model.configuration.data
    #expect(timm.sampleRange == nil)
    expectSame(timm, 0, 255)
    #expect(try TrainedModel.importing(fixture("hf")).model.configuration.data.sampleRange == nil)
  }

  @Test(arguments: [("1", [0.0, 1]), ("0.5", [0, 2])]) func aFactorOfSamplesIsRead(factor: String, range: [Double])
    throws
  {
    let folder = try TemporaryFolder()
    try copyModel(fixture("hf"), to: folder("hf")) { _ in }
    let path = URL(filePath: folder("hf/preprocessor_config.json"))
    try Data(#"{"rescale_factor": \#(factor)}"#.utf8).write(to: path)
    #expect(try TrainedModel.importing(folder("hf")).model.configuration.data.sampleRange == range)
    try Data(#"{"rescale_factor": 7, "do_rescale": false}"#.utf8).write(to: path)
    #expect(try TrainedModel.importing(folder("hf")).model.configuration.data.sampleRange == [0, 1])
    try Data(#"{"rescale_factor": 0}"#.utf8).write(to: path)
    #expect(try sentence { try TrainedModel.importing(folder("hf")) }.contains("rescale_factor is 0.0"))
  }

  @Test func configurationOfHuggingFaceIsHonoured() throws {
    let model = try TrainedModel.importing(fixture("hf")).model
    var expected = ModelConfiguration()
    expected.imageSize = GridSize(height: 28, width: 28)
    expected.patchSize = 7
    expected.maskRatio = 0.6
    expected.layerNormEpsilon = 1e-5
    expected.encoder = TransformerConfiguration(width: 24, depth: 2, heads: 3, mlpRatio: 40.0 / 24)
    expected.decoder = TransformerConfiguration(width: 16, depth: 2, heads: 2, mlpRatio: 1.5)
    #expect(model.configuration.model == expected)
    #expect(model.configuration.data.mean == [0.45, 0.5, 0.55])
    #expect(model.configuration.data.deviation == [0.2, 0.25, 0.3])
  }

  /// transformers 5 in memory, what its first versions saved of the decoder, and a base model that was saved alone.
  @Test(arguments: [
    [("vit.encoder.layer.", "vit.layers."), ("attention.attention.query", "attention.q_proj")],
    [("attention.attention.key", "attention.k_proj"), ("attention.attention.value", "attention.v_proj")],
    [("attention.output.dense", "attention.o_proj"), ("intermediate.dense", "mlp.fc1")],
    [("decoder.decoder_layers.", "decoder.decoder_encoder.layer.")],
    [("vit.", "")],
  ]) func otherNamesAreRead(renaming: [(String, String)]) throws {
    let folder = try TemporaryFolder()
    var renamed = 0
    try copyModel(fixture("hf"), to: folder("other")) { tensors in
      for index in tensors.indices {
        for (old, new) in renaming {
          let name = tensors[index].name.replacingOccurrences(of: old, with: new)
          renamed += name == tensors[index].name ? 0 : 1
          tensors[index].name = name
        }
      }
    }
    #expect(renamed > 0)
    try export(imported(folder("other"), in: folder), .huggingFace, to: folder("back"))
    #expect(try storedTensors(folder("back")) == storedTensors(fixture("hf")))
  }

  @Test func encoderAloneGetsANewDecoder() throws {
    let folder = try TemporaryFolder()
    let whole = try imported(fixture("hf"), in: folder)
    try export(whole, .huggingFace, encoderOnly: true, to: folder("encoder"))
    let encoder = try TrainedModel.importing(folder("encoder"), overrides: ["model.decoder.width=32"])
    #expect(encoder.notes.contains { $0.contains("no decoder") })
    #expect(encoder.model.configuration.model.decoder.width == 32)
    try export(encoder.model, .timm, to: folder("timm"))
    #expect(try storedTensors(folder("timm")) == storedTensors(fixture("timm")))
    // It can be trained: nothing of the decoder is left at zero but biases.
    let specs = encoder.model.model.table.specs.filter { $0.name.hasPrefix("decoder_") && $0.shape.count > 1 }
    #expect(!specs.isEmpty)
    for spec in specs {
      #expect(encoder.model.parameters.all[spec.range].array.contains { $0 != 0 }, "\(spec.name)")
    }
  }

  @Test func headsOfOthersArePassedOverAloud() throws {
    let folder = try TemporaryFolder()
    try copyModel(fixture("timm"), to: folder("classifier")) { tensors in
      tensors.append((name: "head.weight", shape: [2, 24], values: Array(repeating: 1, count: 48)))
    }
    let imported = try TrainedModel.importing(folder("classifier"))
    #expect(imported.notes.contains { $0.contains("head.weight") })
  }
}
