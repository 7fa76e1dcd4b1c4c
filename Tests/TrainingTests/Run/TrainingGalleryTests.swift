import Checkpoints
import Collectives
import Compute
import Datasets
import Foundation
import Imaging
import MaskedAutoencoder
import Pretraining
import Testing
import Training
import VisionTransformer

/// 80 images in batches of 16 are five steps an epoch.
@Suite struct TrainingGalleryTests {
  private let path = NSTemporaryDirectory() + "training-gallery-" + UUID().uuidString

  private func train(_ run: String, _ settings: [String]) throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try Data(idxFile(images: greyImages(count: 80))).write(to: URL(fileURLWithPath: "\(path)/images"))
    try Data(idxFile(images: greyImages(count: 5))).write(to: URL(fileURLWithPath: "\(path)/held"))
    let configuration = try PretrainingConfiguration.decode(
      yaml: tinyConfiguration,
      overrides: [
        "data.path=\(path)/images", "train.epochs=5", "model.encoder={width: 8, depth: 1, heads: 1}",
        "model.decoder={width: 8, depth: 1, heads: 1}", "model.patch_size=4",
      ] + settings)
    let options = RunOptions(runDirectory: RunDirectory(path: "\(path)/\(run)"))
    let outcome = try Run<MaskedAutoencoding>(
      configuration, options: options, communicator: InProcessCommunicator()
    ).run()
    #expect(outcome == .completed)
  }

  private func hash(of run: String) throws -> [String] {
    let checkpoint = try Checkpoint.open("\(path)/\(run)")
    return [try checkpoint.parameterHash(), try checkpoint.optimizerHash()]
  }

  private func galleries(of run: String) throws -> [String] {
    guard FileManager.default.fileExists(atPath: "\(path)/\(run)/gallery") else { return [] }
    return try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(run)/gallery").sorted()
  }

  @Test func isPaintedAfterDueEpochsAndChangesNoBit() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    try train("with", ["gallery.every_epochs=2", "gallery.count=3"])
    try train("without", ["gallery.count=0"])
    #expect(try hash(of: "with") == hash(of: "without"))
    #expect(try galleries(of: "with") == ["epoch-0002.png", "epoch-0004.png", "epoch-0005.png"], "and after the last")
    #expect(try galleries(of: "without").isEmpty)
    let image = try decodeImage(at: "\(path)/with/gallery/epoch-0005.png")
    // Four tiles of 8 x 8 pixels, 14 times as large; two groups of four beside one another.
    #expect(image.width == 8 + 2 * (4 * (112 + 3) - 3) + 24 + 8)
    let events = try FileManager.default.contentsOfDirectory(atPath: "\(path)/with").first { $0.hasPrefix("events.") }
    let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(path)/with/\(try #require(events))"))
    for name in try galleries(of: "with") {
      let png = try Data(contentsOf: URL(fileURLWithPath: "\(path)/with/gallery/\(name)"))
      #expect(bytes.ranges(of: png).count == 1, "TensorBoard has \(name)")
    }
    let report = try String(contentsOfFile: "\(path)/with/report.html", encoding: .utf8)
    #expect(report.matches(of: /<img\ /).count == 3)
  }

  @Test func isTheSameOnAnyNumberOfThreadsAndAfterAResume() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    try train("one", ["gallery.path=\(path)/held"])
    try train("three", ["gallery.path=\(path)/held", "parallel.threads=3", "train.steps=7"])
    try train("three", ["gallery.path=\(path)/held", "parallel.threads=2"])
    #expect(try galleries(of: "one").count == 5)
    for name in try galleries(of: "one") {
      let files = ["one", "three"].map { FileManager.default.contents(atPath: "\(path)/\($0)/gallery/\(name)") }
      #expect(files[0] != nil && files[0] == files[1], "\(name)")
    }
  }

  /// What is held out for the figures is painted, unless other images are named.
  @Test func theImagesOfTheEvaluationAreShown() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    try train("named", ["gallery.path=\(path)/held"])
    try train("evaluated", ["eval.test=\(path)/held"])
    try train("trained", [])
    let last = ["named", "evaluated", "trained"].map {
      FileManager.default.contents(atPath: "\(path)/\($0)/gallery/epoch-0005.png")
    }
    #expect(last[0] != nil && last[0] == last[1])
    #expect(last[2] != nil && last[0] != last[2])
  }

  @Test func aFolderThatCannotBeWrittenToStopsNothing() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    try FileManager.default.createDirectory(atPath: "\(path)/run", withIntermediateDirectories: true)
    try Data().write(to: URL(fileURLWithPath: "\(path)/run/gallery"))
    try train("run", [])
    #expect(FileManager.default.contents(atPath: "\(path)/run/gallery") == Data())
  }

  /// With parameters of zero every prediction is zero: without normalised patches the mean of the data, with them the mean of
  /// the patch.
  @Test(arguments: [false, true]) func tilesByHand(normalizesPixels: Bool) throws {
    var model = ModelConfiguration()
    (model.imageSize, model.patchSize, model.channels) = (GridSize(height: 4, width: 4), 2, 1)
    model.normalizesPixels = normalizesPixels
    model.maskRatio = 0.5
    for part in [\ModelConfiguration.encoder, \ModelConfiguration.decoder] {
      (model[keyPath: part].width, model[keyPath: part].depth, model[keyPath: part].heads) = (8, 1, 1)
    }
    let autoencoder = MaskedAutoencoder(model)
    let parameters = AlignedBuffer<Float>(repeating: 0, count: autoencoder.table.arenaCount)
    let workspace = Workspace(model: model, imageCount: 1, painting: .all)
    // In bytes 0, 10, …, 150; the patches 1 and 2, top right and bottom left, are removed.
    for pixel in 0..<16 { workspace.images[0, pixel] = Float(pixel * 10) / 255 - 0.5 }
    workspace.fillNoise([[0.1, 0.8, 0.9, 0.2]])
    autoencoder.paint(parameters: parameters.all, workspace: workspace)
    let painted = PaintedImage(
      of: workspace, model: model, normalization: Normalization(mean: [0.5], deviation: [1]))
    let original = (0..<16).map { UInt8($0 * 10) }
    #expect(painted.original.pixels == original)
    #expect(
      painted.masked.pixels == [
        0, 10, 128, 128, 40, 50, 128, 128, 128, 128, 100, 110, 128, 128, 140, 150,
      ])
    // 0.5 of 255 rounds up; the means of patches are 25, 45, 105 and 125.
    let fill: [UInt8] = normalizesPixels ? [25, 45, 105, 125] : [128, 128, 128, 128]
    let patches = [0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3]
    #expect(painted.reconstruction.pixels == patches.map { fill[$0] })
    #expect(painted.pasted.pixels == zip(patches, original).map { $0 == 1 || $0 == 2 ? fill[$0] : $1 })
  }
}
