import Evaluation
import Files
import Foundation
import Interoperability
import MaskedAutoencoder
import Pretraining
import Testing
import VisionTransformer

/// Each thing that cannot be taken over is refused with its own sentence.
@Suite struct RefusalTests {
  private func refusal(_ path: String, _ overrides: [String] = []) throws -> String {
    try sentence { try TrainedModel.importing(path, overrides: overrides) }
  }

  /// A copy of a fixture with other tensors or another configuration.
  private func changed(
    _ name: String, in folder: TemporaryFolder, configuration: [String: Any] = [:],
    _ change: (inout [(name: String, shape: [Int], values: [Float])]) -> Void = { _ in }
  ) throws -> String {
    let path = folder("changed-\(UUID().uuidString)")
    try copyModel(fixture(name), to: path, changing: change)
    let file = URL(filePath: "\(path)/config.json")
    var object = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any] ?? [:]
    object.merge(configuration) { $1 }
    try JSONSerialization.data(withJSONObject: object).write(to: file)
    return path
  }

  @Test(arguments: ["mae_pretrain.pth", "pytorch_model.bin", "weights.pt"]) func pickles(name: String) throws {
    let folder = try TemporaryFolder()
    try Data("not even looked at".utf8).write(to: URL(filePath: folder(name)))
    for path in [folder(name), folder.path] {
      let sentence = try refusal(path)
      #expect(sentence.contains(name) && sentence.contains("never read here"))
      #expect(sentence.contains("weights_only=True") && sentence.contains("safetensors.torch.save_file"))
    }
  }

  /// A name is shown in one line of text; the lines for Python give its bytes back.
  @Test func namesThatAreNoText() throws {
    let folder = try TemporaryFolder()
    let name = pathText([0x62, 0xFF, 0x0A])
    #expect(try refusal(folder(name)).contains(#"b\xff\x0a" does not exist"#))
    try replaceFile(folder(name + ".pth"), with: [1])
    let pickle = try refusal(folder(name + ".pth"))
    #expect(pickle.contains(#"b\xff\x0a.pth" is a Python pickle"#))
    #expect(pickle.contains(#"\x62\xff\x0a\x2e\x70\x74\x68"), map_location"#) && pickle.contains("os.fsdecode(b\""))
    try write([("a", [1], [1])], to: folder("model.safetensors"))
    try PosixFileSystem().rename(folder.path, to: folder.path + name)
    defer { try? PosixFileSystem().rename(folder.path + name, to: folder.path) }
    let weights = try sentence { try TrainedModel(checkpoint: folder.path + name) }
    #expect(weights.contains(#"b\xff\x0a" holds weights, but is no checkpoint"#))
    #expect(weights.contains(#"b\xff\x0a" --output DIR"#))
  }

  @Test func foldersWithoutWeights() throws {
    let folder = try TemporaryFolder()
    #expect(try refusal(folder("nowhere")).contains("does not exist"))
    #expect(try refusal(folder.path).contains("neither model.safetensors nor"))
    try write([("model.embed.weight", [2], [1, 2])], to: folder("model.safetensors"))
    #expect(try refusal(folder.path).contains("holds no Vision Transformer"))
  }

  @Test func otherTensors() throws {
    let folder = try TemporaryFolder()
    let unknown = try changed("timm", in: folder) {
      $0.append(("blocks.0.ls1.gamma", [24], Array(repeating: 1, count: 24)))
    }
    #expect(try refusal(unknown).contains("\"blocks.0.ls1.gamma\", which is no part of a masked autoencoder"))
    let missing = try changed("hf", in: folder) { $0.removeAll { $0.name == "vit.layernorm.bias" } }
    #expect(try refusal(missing).contains("no tensor \"vit.layernorm.bias\""))
    let deeper = try changed("hf", in: folder, configuration: ["num_hidden_layers": 1])
    #expect(try refusal(deeper).contains("vit.encoder.layer.1."))
  }

  @Test func otherShapes() throws {
    let folder = try TemporaryFolder()
    let wider = try changed("hf", in: folder, configuration: ["intermediate_size": 48])
    #expect(try refusal(wider).contains("intermediate.dense.weight\" has shape [40, 24], expected [48, 24]"))
    let larger = try changed("hf", in: folder, configuration: ["image_size": 35])
    #expect(try refusal(larger).contains("position_embeddings\" has shape [1, 17, 24], expected [1, 26, 24]"))
    #expect(try refusal(fixture("hf"), ["model.encoder.width=48"]).contains("expected [1, 17, 48]"))
  }

  @Test func otherConfigurations() throws {
    let folder = try TemporaryFolder()
    let relu = try changed("hf", in: folder, configuration: ["hidden_act": "relu"])
    #expect(try refusal(relu).contains("hidden_act = relu, where a masked autoencoder here has gelu"))
    let beit = try changed("hf", in: folder, configuration: ["model_type": "beit"])
    #expect(try refusal(beit).contains("model_type = beit"))
    let endless = try changed("hf", in: folder, configuration: ["num_hidden_layers": 1_000_000])
    #expect(try refusal(endless).contains("no tensor \"vit.encoder.layer.999999.layernorm_before.weight\""))
    let huge = try changed("hf", in: folder, configuration: ["hidden_size": 1 << 40])
    #expect(try refusal(huge).contains("hidden_size = 1099511627776, where"))
    let wall = try changed("hf", in: folder, configuration: ["image_size": [28, 1 << 60]])
    #expect(try refusal(wall).contains("image_size is not valid"))
    let rectangle = try changed("hf", in: folder, configuration: ["patch_size": [7, 14]])
    #expect(try refusal(rectangle).contains("patch_size = [7, 14]"))
    let text = try changed("hf", in: folder, configuration: ["hidden_size": "wide"])
    #expect(try refusal(text).contains("hidden_size is not of type Int"))
    let heads = try changed("hf", in: folder, configuration: ["num_attention_heads": 5])
    #expect(try refusal(heads).contains("model.encoder.width is 24, which is not divisible by model.encoder.heads (5)"))
    try FileManager.default.removeItem(atPath: "\(relu)/config.json")
    #expect(try refusal(relu).contains("config.json\" does not say what it should: it does not exist"))
  }

  /// Sizes that would take more memory than a machine has are refused before any is taken, a side's and that of all patches.
  @Test func sizesThatAreTooLarge() throws {
    #expect(try refusal(fixture("hf"), ["model.image_size=[7, 70000]"]).contains("must be from 1 to 65536 a side"))
    #expect(
      try refusal(fixture("hf"), ["model.image_size=2100"]).contains(
        "which makes 90000 patches of model.patch_size (7)"))
  }

  @Test func whatWeightsDoNotShow() throws {
    let folder = try TemporaryFolder()
    let bare = folder("bare.safetensors")
    try FileManager.default.copyItem(atPath: fixture("timm/model.safetensors"), toPath: bare)
    #expect(try refusal(bare).contains("--set model.encoder.heads=N"))
    #expect(
      try TrainedModel.importing(bare, overrides: ["model.encoder.heads=3"]).model.configuration.model.encoder.heads
        == 3)

    // 16 patches may be 2 x 8 as well as 4 x 4, but 15 are no square.
    let strip = try changed("timm", in: folder, configuration: ["model_args": ["num_heads": 3], "pretrained_cfg": [:]])
    {
      for index in $0.indices where $0[index].name == "pos_embed" {
        $0[index].shape[1] = 16
        $0[index].values.removeLast(24)
      }
    }
    #expect(try refusal(strip).contains("positions for 15 patches"))
    let size = try TrainedModel.importing(strip, overrides: ["model.image_size=[21, 35]"]).model.configuration.model
      .imageSize
    #expect(size == GridSize(height: 21, width: 35))
  }

  @Test func outputsThatExist() throws {
    let folder = try TemporaryFolder()
    let model = try TrainedModel.importing(fixture("hf")).model
    try model.saveRun(to: folder("run"))
    #expect(try sentence { try model.saveRun(to: folder("run")) }.contains("exists already and is not overwritten"))
    _ = try model.export(to: folder("hf"), ExportOptions(format: .huggingFace))
    #expect(
      try sentence { try model.export(to: folder("hf"), ExportOptions(format: .timm)) }.contains("not overwritten"))
    // Nothing hidden is left beside them.
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["hf", "run"])
  }

  @Test func batchesOfAnotherShape() throws {
    let folder = try TemporaryFolder()
    let model = try TrainedModel.importing(fixture("hf")).model
    func refusal(_ pixels: [Int], _ noise: [Int], steps: Int? = nil) throws -> String {
      let path = folder("batch-\(UUID().uuidString)")
      try write(
        [
          ("pixel_values", pixels, Array(repeating: 0, count: pixels.reduce(1, *))),
          ("noise", noise, Array(repeating: 0, count: noise.reduce(1, *))),
        ], to: path)
      return try sentence { try model.writeParity(batch: path, steps: steps, to: folder("out")) }
    }
    #expect(try refusal([2, 1, 28, 28], [2, 16]).contains("pixel_values has shape [2, 1, 28, 28]"))
    #expect(try refusal([2, 3, 28, 28], [2, 15]).contains("noise has shape [2, 15], expected [2, 16]"))
    #expect(try refusal([2, 3, 28, 28], [3, 2, 16], steps: 4).contains("noise for 3 steps, and 4 are asked for"))
  }
}
