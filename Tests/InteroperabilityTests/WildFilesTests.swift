import Foundation
import Interoperability
import MPILaunch
import Pretraining
import Testing

private typealias Tensors = [(name: String, shape: [Int], values: [Float])]

/// Files as they are found: wrapped by trainers, with rests of other heads, with numbers that are none.
@Suite struct WildFilesTests {
  private func changed(
    _ name: String, in folder: TemporaryFolder, _ change: (inout Tensors) -> Void
  ) throws -> String {
    let path = folder("changed-\(UUID().uuidString)")
    try copyModel(fixture(name), to: path, changing: change)
    return path
  }

  private func exported(_ model: TrainedModel, _ format: ModelFormat, in folder: TemporaryFolder) throws -> [String:
    StoredTensor]
  {
    let path = folder("exported-\(UUID().uuidString)")
    _ = try model.export(to: path, ExportOptions(format: format))
    return try storedTensors(path)
  }

  @Test(arguments: ["module.", "_orig_mod.", "model.", "module._orig_mod."], ["hf", "timm"])
  func onePrefixOfAllNamesIsTakenOff(prefix: String, name: String) throws {
    let folder = try TemporaryFolder()
    let path = try changed(name, in: folder) { tensors in
      for index in tensors.indices { tensors[index].name = prefix + tensors[index].name }
    }
    let imported = try TrainedModel.importing(path)
    #expect(imported.notes.contains { $0.contains(prefix) && $0.contains("taken off") })
    #expect(
      try exported(imported.model, name == "hf" ? .huggingFace : .timm, in: folder) == storedTensors(fixture(name)))
  }

  @Test func aPrefixOfSomeNamesIsRefused() throws {
    let folder = try TemporaryFolder()
    let path = try changed("timm", in: folder) { tensors in
      for index in tensors.indices.dropFirst() { tensors[index].name = "module." + tensors[index].name }
    }
    #expect(throws: InteroperabilityError.self) { try TrainedModel.importing(path) }
  }

  @Test func restsOfOtherHeadsArePassedOverAloud() throws {
    let folder = try TemporaryFolder()
    let rests: Tensors = [
      ("mask_token", [1, 1, 16], Array(repeating: 1, count: 16)),
      ("head.weight", [2, 24], Array(repeating: .nan, count: 48)), ("head.bias", [2], [1, 1]),
      ("fc_norm.weight", [24], Array(repeating: 1, count: 24)), ("fc_norm.bias", [24], Array(repeating: 1, count: 24)),
    ]
    let path = try changed("timm", in: folder) { $0 += rests }
    let imported = try TrainedModel.importing(path)
    let note = try #require(imported.notes.first { $0.hasPrefix("passed over") })
    for rest in rests { #expect(note.contains(rest.name)) }
    #expect(try exported(imported.model, .timm, in: folder) == storedTensors(fixture("timm")))

    // Hugging Face's own class for masked images keeps the token among the embeddings.
    _ = try TrainedModel.importing(fixture("hf")).model.export(
      to: folder("encoder"), ExportOptions(format: .huggingFace, encoderOnly: true))
    try copyModel(folder("encoder"), to: folder("token")) {
      $0.append(("embeddings.mask_token", [1, 1, 24], Array(repeating: 1, count: 24)))
    }
    #expect(try TrainedModel.importing(folder("token")).notes.contains { $0.contains("embeddings.mask_token") })
  }

  @Test func theNormOfAClassifierIsTakenAloud() throws {
    let folder = try TemporaryFolder()
    let path = try changed("timm", in: folder) { tensors in
      for index in tensors.indices where tensors[index].name.hasPrefix("norm.") {
        tensors[index].name = "fc_" + tensors[index].name
      }
    }
    let imported = try TrainedModel.importing(path)
    #expect(imported.notes.contains { $0.contains("fc_norm.weight") && $0.contains("is taken as the encoder's last") })
    #expect(try exported(imported.model, .timm, in: folder) == storedTensors(fixture("timm")))
  }

  @Test(arguments: [
    "vit.embeddings.cls_token", "vit.embeddings.position_embeddings",
    "vit.encoder.layer.1.attention.attention.key.weight", "decoder.decoder_pred.bias",
  ])
  func weightsThatAreNotFiniteAreRefused(name: String) throws {
    let folder = try TemporaryFolder()
    for (value, word) in [(Float.nan, "nan"), (-.infinity, "-inf")] {
      let path = try changed("hf", in: folder) { tensors in
        for index in tensors.indices where tensors[index].name == name { tensors[index].values[5] = value }
      }
      let sentence = try sentence { try TrainedModel.importing(path) }
      #expect(sentence.contains("tensor \"\(name)\" holds a value that is not finite (\(word) at place 5)"))
    }
  }

  @Test func aDrawnDecoderIsNamedWithItsSize() throws {
    let notes = try TrainedModel.importing(fixture("timm")).notes
    #expect(notes.contains { $0.contains("width 512, 8 blocks and 16 heads was drawn (train.seed 0)") })
    let chosen = try TrainedModel.importing(
      fixture("timm"), overrides: ["model.decoder.width=32", "model.decoder.depth=3", "model.decoder.heads=4"]
    ).notes
    #expect(chosen.contains { $0.contains("width 32, 3 blocks and 4 heads was drawn") })
    #expect(try !TrainedModel.importing(fixture("hf")).notes.contains { $0.contains("drawn") })
  }
}

/// What `mae pretrain --init-from` refuses to begin with.
@Suite struct InitialWeightsTests {
  private func begin(with path: String, in folder: TemporaryFolder, ranks: Int?) throws -> MPILaunch.Outcome {
    try MPILaunch.run(
      MPILaunch.builtProgram("mae"),
      ["pretrain", "--config", folder("config.yaml"), "--run-dir", folder("new"), "--init-from", path], ranks: ranks)
  }

  /// A configuration of the fixture's model over its images.
  private func model(in folder: TemporaryFolder) throws -> TrainedModel {
    let model = try TrainedModel.importing(
      fixture("hf"),
      overrides: [
        "train.batch_size=4", "train.epochs=1", "train.warmup_epochs=0", "data.path=\(fixture("images"))",
        "parallel.virtual_workers=2",
      ]
    ).model
    try model.configuration.yaml().write(toFile: folder("config.yaml"), atomically: true, encoding: .utf8)
    return model
  }

  @Test(.timeLimit(.minutes(2)), arguments: [nil, 2]) func weightsThatAreNotFinite(ranks: Int?) throws {
    let folder = try TemporaryFolder()
    let model = try model(in: folder)
    let spec = try #require(model.model.table.specs.first { $0.name == "blocks.1.mlp.fc1.bias" })
    model.parameters.all[spec.range][3] = .nan
    try model.saveRun(to: folder("damaged"))
    let outcome = try begin(with: folder("damaged"), in: folder, ranks: ranks)
    #expect(outcome.exitCode == 1)
    #expect(outcome.errorOutput.contains("\"blocks.1.mlp.fc1.bias\" holds a value that is not finite"))
  }

  @Test(.timeLimit(.minutes(2))) func weightsOfOthersAreImportedFirst() throws {
    let folder = try TemporaryFolder()
    _ = try model(in: folder)
    for path in [fixture("hf"), fixture("hf_sharded"), fixture("timm/model.safetensors")] {
      let outcome = try begin(with: path, in: folder, ranks: nil)
      #expect(outcome.exitCode == 1)
      #expect(outcome.errorOutput.contains("mae import --from \"\(path)\" --output DIR"))
    }
    let empty = try begin(with: folder.path, in: folder, ranks: nil)
    #expect(empty.errorOutput.contains("neither a run directory") && !empty.errorOutput.contains("mae import"))
  }
}
