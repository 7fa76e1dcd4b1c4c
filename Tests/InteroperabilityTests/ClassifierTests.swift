import Classification
import Collectives
import Compute
import Datasets
import Evaluation
import Foundation
import Imaging
import Interoperability
import MPILaunch
import Safetensors
import Testing

/// Classifiers of transformers and timm, taken over and handed back. What these compute of the same images is in
/// `classifier_oracle.safetensors`.
@Suite struct ClassifierTests {
  private static let names = ["T-shirt/top", "größe", "ankleBoot", "a b", "7"]

  /// Through a checkpoint on disk, as the commands do it.
  private func imported(_ name: String, in folder: TemporaryFolder) throws -> TrainedClassifier {
    let run = folder("run-\(UUID().uuidString)")
    try TrainedClassifier.importing(fixture(name)).classifier.saveRun(to: run)
    return try TrainedClassifier(checkpoint: run)
  }

  @Test(arguments: [("hf_classifier", "hf", ModelFormat.huggingFace), ("timm_classifier", "timm", .timm)])
  func computesWhatTheOthersDo(name: String, prefix: String, format: ModelFormat) throws {
    let folder = try TemporaryFolder()
    let classifier = try imported(name, in: folder)
    try classifier.writeParity(batch: fixture("classifier_oracle.safetensors"), to: folder("ours.safetensors"))
    let (ours, theirs) = (
      try SafetensorsFile(path: folder("ours.safetensors")),
      try SafetensorsFile(path: fixture("classifier_oracle.safetensors"))
    )
    let expected = theirs.tensors.filter { $0.name.hasPrefix("\(prefix).") }
    #expect(ours.tensors.count == expected.count)
    for tensor in expected {
      let own = String(tensor.name.dropFirst(prefix.count + 1))
      #expect(try ours.tensor(named: own).shape == tensor.shape, "\(own)")
      let (mine, other) = (try ours.floats(of: own), try theirs.floats(of: tensor.name))
      if own.hasSuffix("key.bias") {
        // Softmax does not see a constant added to a query's scores: of a key bias there is rounding alone, small beside
        // its query's gradient.
        let scale = try theirs.floats(of: tensor.name.replacing("key.bias", with: "query.bias"))
        #expect(mine.map { abs($0) }.max()! < 1e-4 * scale.map { abs($0) }.max()!)
      } else {
        #expect(distance(mine, other) < (own.hasPrefix("grad.") ? 1e-4 : 1e-5), "\(own)")
      }
    }
  }

  /// Features by a classifier's own pooling, cls and mean, are what its head makes the logits of.
  @Test(arguments: [("hf_classifier", Pooling.cls), ("timm_classifier", .mean)])
  func featuresAreWhatTheHeadTakes(name: String, pooling: Pooling) throws {
    let folder = try TemporaryFolder()
    let classifier = try imported(name, in: folder)
    try classifier.saveRun(to: folder("run"))
    let encoder = try TrainedEncoder(checkpoint: folder("run"))
    func rows(_ kind: FeatureKind) throws -> [Float] {
      let path = folder("\(UUID().uuidString).safetensors")
      _ = try FeatureExtractor(
        kind, of: try openSource(at: fixture("images"), options: encoder.configuration.decodingOptions),
        crop: CenterCrop(keptFraction: 1), pool: try WorkerPool(count: 2), communicator: InProcessCommunicator()
      ).write(to: path, badImages: BadImagePolicy(allowedFraction: 0) { _ in }, metadata: [:])
      return try SafetensorsFile(path: path).floats(of: "features")
    }
    let shape = encoder.configuration.imageShape
    try write(
      [
        (
          "pixel_values", [11, shape.channels, shape.height, shape.width],
          rows(.pixels(encoder.configuration.imageInput))
        )
      ],
      to: folder("batch.safetensors"))
    try classifier.writeParity(batch: folder("batch.safetensors"), to: folder("parity.safetensors"))
    let logits = try SafetensorsFile(path: folder("parity.safetensors")).floats(of: "logits")
    let features = try rows(.encoder(encoder.frozen(), pooling))
    func parameter(_ name: String) throws -> [Float] {
      classifier.parameters.all[
        try #require(classifier.classifier.tables.trained.specs.first { $0.name == name }).range
      ].array
    }
    let (weight, bias) = (try parameter("head.weight"), try parameter("head.bias"))
    let width = features.count / 11
    let expected = (0..<11).flatMap { image in
      bias.indices.map { label in
        (0..<width).reduce(bias[label]) { $0 + features[image * width + $1] * weight[label * width + $1] }
      }
    }
    #expect(distance(logits, expected) < 1e-5)
    #expect(encoder.ownPooling == pooling)
    // In bfloat16 within what the roundings of thirteen products after one another come to, as of the encoder alone.
    #expect(distance(try rows(.encoder(encoder.frozen(in: .bf16), pooling)), features) <= 13 * 0x1p-8)
    // As they are behind the last block, the tokens have been through no norm.
    let last = try rows(.encoder(encoder.frozen(), .patches, layer: encoder.frozen().depth))
    #expect(try (rows(.encoder(encoder.frozen(), .patches)) == last) == (pooling == .mean))
    #expect(distance(features, try rows(.encoder(encoder.untrained.frozen(), pooling))) > 0.1)
  }

  @Test(arguments: [("hf_classifier", ModelFormat.huggingFace), ("timm_classifier", .timm)])
  func comesBack(name: String, format: ModelFormat) throws {
    let folder = try TemporaryFolder()
    let classifier = try imported(name, in: folder)
    #expect(classifier.classNames == Self.names)
    _ = try classifier.export(to: folder("back"), format: format)
    #expect(try storedTensors(folder("back")) == storedTensors(fixture(name)))
    let again = try TrainedClassifier.importing(folder("back"))
    #expect(again.classifier.configuration == classifier.configuration && again.classifier.classNames == Self.names)
  }

  /// By the cls token there are words for it on both sides.
  @Test func fromTransformersToTimm() throws {
    let folder = try TemporaryFolder()
    let classifier = try imported("hf_classifier", in: folder)
    let limits = try classifier.export(to: folder("timm"), format: .timm)
    #expect(limits.count == 1 && limits[0].contains("epsilon of the layer norms, 1e-05"))
    let overrides = ["model.layer_norm_eps=1e-5"]
    let back = try TrainedClassifier.importing(folder("timm"), overrides: overrides).classifier
    #expect(back.configuration.model == classifier.configuration.model)
    #expect(back.parameters.all.array == classifier.parameters.all.array)
  }

  @Test func whatOthersReadIsWritten() throws {
    let folder = try TemporaryFolder()
    _ = try imported("hf_classifier", in: folder).export(to: folder("hf"), format: .huggingFace)
    _ = try imported("timm_classifier", in: folder).export(to: folder("timm"), format: .timm)
    func json(_ path: String) throws -> [String: Any] {
      try #require(JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: path))) as? [String: Any])
    }
    let hf = try json(folder("hf/config.json"))
    #expect(hf["architectures"] as? [String] == ["ViTForImageClassification"])
    #expect(
      hf["id2label"] as? [String: String] == ["0": "T-shirt/top", "1": "größe", "2": "ankleBoot", "3": "a b", "4": "7"])
    #expect(hf["label2id"] as? [String: Int] == ["T-shirt/top": 0, "größe": 1, "ankleBoot": 2, "a b": 3, "7": 4])
    let timm = try json(folder("timm/config.json"))
    #expect(timm["num_classes"] as? Int == 5 && timm["global_pool"] as? String == "avg")
    #expect(timm["label_names"] as? [String] == Self.names)
    let card = try String(contentsOfFile: folder("timm/README.md"), encoding: .utf8)
    #expect(card.contains("| head | of the mean of the patches' tokens") && card.contains("image-classification"))
    #expect(card.contains("the validation of `mae finetune` resizes") && card.contains("label_smoothing: 0.1"))
  }

  @Test func whatHasNoWordIsRefused() throws {
    let folder = try TemporaryFolder()
    let mean = try imported("timm_classifier", in: folder)
    #expect(
      try sentence { try mean.export(to: folder("a"), format: .huggingFace) }.contains("export it with --format timm"))
    #expect(try sentence { try mean.export(to: folder("a"), format: .facebook) }.contains("has the names of timm's"))
    #expect(!FileManager.default.fileExists(atPath: folder("a")))
    #expect(
      try sentence { try TrainedClassifier.importing(fixture("hf")) }.contains("it has no tensor \"classifier.weight\"")
    )
    #expect(
      try sentence { try TrainedClassifier.importing(fixture("hf_classifier"), overrides: ["model.image_size=56"]) }
        .contains("model.image_size is 56"))
    // Of the mean of what the encoder's norm gives no classifier here is.
    try copyModel(fixture("timm_classifier"), to: folder("avg")) { tensors in
      for index in tensors.indices { tensors[index].name = tensors[index].name.replacing("fc_norm", with: "norm") }
    }
    #expect(
      try sentence { try TrainedClassifier.importing(folder("avg")) }.contains("global_pool = avg without fc_norm"))
  }

  /// Which part of it is trained is said where it is: what comes in is whole.
  @Test func comesInWholeWhateverIsTrained() throws {
    let probe = ["finetune.trained_blocks=0", "finetune.batch_norm=true"]
    let (whole, told) = (
      try TrainedClassifier.importing(fixture("hf_classifier")).classifier,
      try TrainedClassifier.importing(fixture("hf_classifier"), overrides: probe).classifier
    )
    #expect(told.configuration == whole.configuration)
    #expect(told.parameters.all.array == whole.parameters.all.array)
  }

  /// The commands: in as a classifier, out as one, and no encoder of it.
  @Test func commandsTakeClassifiers() throws {
    let folder = try TemporaryFolder()
    let mae = try MPILaunch.builtProgram("mae")
    func run(_ arguments: String...) throws -> MPILaunch.Outcome { try MPILaunch.run(mae, arguments, ranks: nil) }
    let imported = try run("import", "--from", fixture("hf_classifier"), "--classifier", "--output", folder("run"))
    #expect(imported.exitCode == 0 && imported.output.contains("5 classes"))
    let exported = try run("export", "--checkpoint", folder("run"), "--format", "hf", "--output", folder("hf"))
    #expect(exported.exitCode == 0 && exported.output.contains("wrote the classifier of step 0"))
    #expect(try storedTensors(folder("hf")) == storedTensors(fixture("hf_classifier")))
    let encoder = try run(
      "export", "--checkpoint", folder("run"), "--format", "hf", "--encoder-only", "--output", folder("b"))
    #expect(encoder.exitCode == 2 && encoder.errorOutput.contains("a classifier has none"))
    let parity = try run(
      "parity", "--model", folder("run"), "--batch", fixture("classifier_oracle.safetensors"), "--output",
      folder("p.safetensors"))
    #expect(parity.exitCode == 0)
    let steps = try run(
      "parity", "--model", folder("run"), "--batch", fixture("classifier_oracle.safetensors"), "--output",
      folder("q.safetensors"), "--steps", "2")
    #expect(steps.exitCode == 2 && steps.errorOutput.contains("are for masked autoencoders"))
  }
}
