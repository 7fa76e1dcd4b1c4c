import Datasets
import Foundation
import Imaging
import MPILaunch
import Pretraining
import Testing
import VisionTransformer

@testable import Planning

/// What is suggested for data and speeds that are written down here.
@Suite struct SuggestionTests {
  private func profile(
    count: Int, side: Int, channels: Int = 3, common: Bool = true, flat: Double = 0, seconds: Double = 0
  ) -> DataProfile {
    DataProfile(
      kind: "a folder of images", count: count, channels: channels,
      commonSize: common ? GridSize(height: side, width: side) : nil, shorterSide: side,
      mean: [Double](repeating: 0.48123, count: channels), deviation: [Double](repeating: 0.2512, count: channels),
      flatShare: flat, secondsPerImage: seconds)
  }

  /// - Parameters:
  ///   - speeds: images a second of the models of the ladder in fp32; the last holds for larger ones too.
  ///   - gain: how many times as fast they are in bf16.
  private func suggest(
    _ data: DataProfile, hours: Double, cores: Int = 2, speeds: [Double], gain: Double = 0.5
  ) throws -> Suggestion {
    try Suggestion(for: data, path: "/data", hours: hours, cores: cores) { configuration in
      let place = Suggestion.ladder.firstIndex { $0.encoder == configuration.model.encoder }!
      return speeds[min(place, speeds.count - 1)] * (configuration.train.precision == .bf16 ? gain : 1)
    }
  }

  /// bf16 is taken where it gains a fifth, and then gives more epochs.
  @Test(arguments: [(1.19, false, 100), (1.2, true, 120), (2, true, 200)])
  func precisionIsWhatTheMachineIsFastIn(gain: Double, isMixed: Bool, epochs: Int) throws {
    let suggestion = try suggest(
      profile(count: 9000, side: 32), hours: 1000 / 3600 / Suggestion.trainingShare, speeds: [900, 1], gain: gain)
    #expect(suggestion.configuration.train.precision == (isMixed ? .bf16 : .fp32))
    #expect(suggestion.configuration.train.epochs == epochs)
    let text = suggestion.yaml(heading: [])
    #expect(text.contains(isMixed ? "times as fast as fp32 here" : "bf16 would be 1.2 times as fast"), "\(text)")
  }

  /// As configs/fashion_mnist.yaml is written by hand, for more time.
  @Test func smallGreyImagesForAnHour() throws {
    let suggestion = try suggest(
      profile(count: 60_000, side: 28, channels: 1, flat: 0.45), hours: 1, speeds: [4000, 2700, 2000, 900, 300, 90])
    let configuration = suggestion.configuration
    #expect(configuration.model.imageSize == GridSize(height: 28, width: 28))
    #expect(configuration.model.patchSize == 4)
    #expect(configuration.model.normalizesPixels)
    let flat = try suggest(
      profile(count: 60_000, side: 28, channels: 1, flat: 0.55), hours: 1, speeds: [4000, 2700, 2000, 900, 300, 90])
    #expect(!flat.configuration.model.normalizesPixels)
    #expect(flat.yaml(heading: []).contains("55 % of all patches have one colour"))
    #expect(configuration.model.encoder.width == 192 && configuration.model.encoder.depth == 12)
    #expect(configuration.data.cropScale == [0.7, 1])
    #expect(configuration.train.epochs == 48, "of 900 images a second: 35 million patches, and 6.2 million parameters")
    #expect(!suggestion.yaml(heading: []).contains("good features take"), "48 epochs are enough here")
    #expect(configuration.train.warmupEpochs == 2.4)
    #expect(configuration.train.batchSize == 256)
    #expect(configuration.train.baseLearningRate == 2.4e-3)
    #expect(configuration.data.mean == [0.481])
    #expect(abs(suggestion.predictedSeconds - 3200) < 1)
  }

  /// The reason is true of the value below it.
  @Test(arguments: [
    (224, true, "All images are 224 x 224.", "224"),
    (512, true, "All images are 512 x 512; they are cropped and resized to this.", "224"),
    (30, true, "All images are 30 x 30; they are cropped and resized to this.", "28"),
    (
      375, false, "The shorter side of half of the images is 375 or more; they are cropped and resized to this.", "224"
    ),
  ]) func theSizeOfImagesHasItsReason(side: Int, common: Bool, reason: String, value: String) throws {
    let suggestion = try suggest(profile(count: 1000, side: side, common: common), hours: 1, speeds: [100])
    let text = suggestion.yaml(heading: [])
    #expect(text.contains("  # \(reason)\n  image_size: \(value)\n"), "\(text)")
  }

  /// Few minutes are for a small model; a larger one needs patches enough for its parameters, and fifteen epochs.
  @Test(arguments: [(0.05, 4, 96), (0.3, 4, 192), (0.5, 6, 192)])
  func moreTimeGetsALargerModel(hours: Double, depth: Int, width: Int) throws {
    let suggestion = try suggest(
      profile(count: 60_000, side: 28, channels: 1, flat: 0.45), hours: hours, speeds: [2900, 1250, 930, 480, 100, 10])
    #expect(suggestion.configuration.model.encoder.depth == depth)
    #expect(suggestion.configuration.model.encoder.width == width)
  }

  @Test func imageNetOnAWholeCluster() throws {
    let suggestion = try suggest(
      profile(count: 1_281_167, side: 375, common: false), hours: 24 * 30, cores: 512,
      speeds: [1e6, 1e6, 1e6, 1e6, 1e5, 3000, 1500])
    let configuration = suggestion.configuration
    #expect(configuration.model.imageSize == GridSize(height: 224, width: 224))
    #expect(configuration.model.patchSize == 16)
    #expect(configuration.model.encoder == Suggestion.ladder[6].encoder)
    #expect(configuration.train.batchSize == 4096)
    #expect(configuration.train.baseLearningRate == 1.5e-4, "the paper's")
    #expect(configuration.train.epochs <= 1600)
    #expect(configuration.train.warmupEpochs == 40)
    #expect(configuration.virtualWorkers == 512)
  }

  /// A large model would learn a few photographs by heart.
  @Test func fewImagesGetASmallModel() throws {
    let suggestion = try suggest(profile(count: 300, side: 512, common: false), hours: 12, speeds: [1000])
    let values = 300 * 224 * 224 * 3
    #expect(suggestion.configuration.model.encoder == Suggestion.ladder[3].encoder)
    #expect(4 * 10_000_000 < values)
    #expect(suggestion.configuration.train.epochs == 1600, "no more than helped in the paper")
    #expect(suggestion.configuration.train.batchSize == 64)
    let text = suggestion.yaml(heading: [])
    #expect(text.contains("ViT-S would have more parameters than a quarter of the values in the images.\n"), "\(text)")
  }

  /// Six minutes of Fashion-MNIST on two slow cores are six epochs: 1404 steps of 256 images, 2808 of 128.
  @Test func aShortRunGetsSmallBatches() throws {
    let data = profile(count: 60_000, side: 28, channels: 1, flat: 0.45)
    let suggestion = try suggest(data, hours: 0.1, speeds: [1150, 500])
    #expect(suggestion.configuration.train.epochs == 6)
    #expect(suggestion.configuration.train.batchSize == 128)
    #expect(suggestion.configuration.imagesPerVirtualWorker == 32)
    #expect(suggestion.yaml(heading: []).contains("468 steps an epoch, 2808 in all"))
    let few = try suggest(profile(count: 145, side: 720, common: false), hours: 0.02, speeds: [100])
    #expect(few.configuration.train.batchSize == 16 && few.configuration.virtualWorkers == 2)
  }

  @Test func aBusyMachineIsNamed() {
    #expect(Suggestion.remark(onLoad: 0.4, cores: 2) == nil)
    #expect(
      Suggestion.remark(onLoad: 3.17, cores: 2)?.hasPrefix("Other programs kept 3.17 of 2 cores busy when") == true)
  }

  @Test func tooLittleTimeGetsTheSmallestAndAWord() throws {
    let suggestion = try suggest(profile(count: 1_000_000, side: 64), hours: 0.1, speeds: [100])
    let text = suggestion.yaml(heading: [])
    #expect(
      text.contains(
        "on 2 cores, which is more than there is; good features take some hundred: give it more time.\n"))
    #expect(suggestion.configuration.train.epochs == 1)
  }

  /// Large photographs: two cores that decode 10 ms each take 5 ms from every image.
  @Test func decodingTakesItsTime() throws {
    let data = profile(count: 1000, side: 512, common: false, seconds: 0.01)
    let slow = try suggest(data, hours: 1, speeds: [1000, 100])
    #expect(slow.configuration.train.epochs == 216, "3240 s of 66.7 images")
    let quick = try suggest(profile(count: 1000, side: 512, common: false), hours: 1, speeds: [1000, 100])
    #expect(quick.configuration.train.epochs == 324)
  }

  /// Also what was asked for and does not follow from the images.
  @Test func whatWasAskedForIsWritten() throws {
    let suggestion = try Suggestion(
      for: profile(count: 1000, side: 32), path: "/data", test: "/held", layout: .last, hours: 1, cores: 4, threads: 4
    ) { _ in 100 }
    let read = try PretrainingConfiguration.decode(yaml: suggestion.yaml(heading: []))
    #expect(read.data.layout == .last && read.parallel.threads == 4 && read.evaluation.test == "/held")
  }

  @Test(arguments: [
    (1, 1), (63, 17), (100, 7), (5000, 32), (60_000, 28), (50_000, 224), (10_000_000, 4000), (2000, 48), (2000, 49),
  ]) func whateverIsSuggestedIsAValidConfiguration(count: Int, side: Int) throws {
    for common in [true, false] {
      for channels in [1, 3, 5] {
        let suggestion = try suggest(
          profile(count: count, side: side, channels: channels, common: common, flat: 0.5), hours: 2, cores: 6,
          speeds: [500, 200, 50, 10, 1])
        let read = try PretrainingConfiguration.decode(yaml: suggestion.yaml(heading: ["A heading"]))
        var told = suggestion.configuration
        told.data.path = "/data"
        #expect(read == told)
        #expect(read.train.batchSize <= count)
      }
    }
  }

  /// Half of each image is of one colour, the other half noise.
  @Test func aProfileOfImages() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("profile-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("images-idx3-ubyte")
    var bytes: [UInt8] = [0, 0, 8, 3, 0, 0, 1, 44, 0, 0, 0, 14, 0, 0, 0, 14]
    for index in 0..<300 * 196 { bytes.append(index % 196 < 98 ? 51 : UInt8(truncatingIfNeeded: index &* 7919 >> 3)) }
    try Data(bytes).write(to: path)
    let source = try openSource(at: DataPaths([path.path]), options: DecodingOptions())
    let profile = try #require(try DataProfile(of: source, threads: 1))
    #expect(profile.count == 300 && profile.channels == 1)
    #expect(profile.commonSize == GridSize(height: 14, width: 14))
    #expect(profile.shorterSide == 14)
    #expect(abs(profile.flatShare - 21.0 / 49) < 1e-9, "three and a half of seven rows: \(profile.flatShare)")
    #expect(abs(profile.mean[0] - (0.2 + 0.5) / 2) < 0.02)
  }

  /// With the rates of this machine; in the test's build it may be a slow one.
  @Test func theProgramWritesAFileThatItTakes() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("suggest-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let images = folder.appendingPathComponent("images-idx3-ubyte").path
    try Data([0, 0, 8, 3, 0, 0, 0, 100, 0, 0, 0, 8, 0, 0, 0, 8] + (0..<6400).map { UInt8($0 % 251) })
      .write(to: URL(fileURLWithPath: images))
    let output = folder.appendingPathComponent("mine.yaml").path
    let mae = try MPILaunch.builtProgram("mae")
    let asked = ["--test", images, "--threads", "1", "--layout", "channels_last"]
    let arguments = ["config", "suggest", "--data", images, "--hours", "0.01", "--output", output] + asked
    let outcome = try MPILaunch.run(mae, arguments, ranks: nil)
    #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
    #expect(outcome.output == "wrote \(output)\n")
    let told = try PretrainingConfiguration.decode(yaml: try String(contentsOfFile: output, encoding: .utf8))
    #expect(told.data.layout == .last && told.parallel.threads == 1)
    #expect(told.evaluation.test == DataPaths([images]))
    let dry = try MPILaunch.run(
      mae, ["pretrain", "--config", output, "--run-dir", folder.appendingPathComponent("run").path, "--dry-run"],
      ranks: nil)
    #expect(dry.exitCode == 0, "\(dry.errorOutput)")
    // Said before the images are looked at, which are not there.
    let again = try MPILaunch.run(
      mae, ["config", "suggest", "--data", "/nowhere", "--output", output], ranks: nil)
    #expect(again.exitCode == 2)
    #expect(again.errorOutput.contains("exists already and is not overwritten"), "\(again.errorOutput)")
    let unwritable = try MPILaunch.run(
      mae, ["config", "suggest", "--data", "/nowhere", "--output", "\(folder.path)/none/mine.yaml"], ranks: nil)
    #expect(unwritable.exitCode == 1)
    #expect(unwritable.errorOutput.contains("\(folder.path)/none"), "\(unwritable.errorOutput)")
    let nothing = try MPILaunch.run(mae, ["config", "suggest", "--data", "/nowhere"], ranks: nil)
    #expect(nothing.exitCode == 1)
  }
}
