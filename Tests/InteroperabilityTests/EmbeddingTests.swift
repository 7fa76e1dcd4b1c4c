import Collectives
import Compute
import Datasets
import Evaluation
import Files
import Foundation
import Imaging
import Interoperability
import MPILaunch
import Pretraining
import Safetensors
import Testing

/// `mae embed` against transformers' encoder over the same images.
@Suite struct EmbeddingTests {
  /// - Returns: the number of rows.
  @discardableResult
  private func embed(
    _ images: String = fixture("images"), _ pooling: Pooling = .cls, layer: Int? = nil, threads: Int = 2,
    precision: Precision = .fp32, to path: String,
    badImages: BadImagePolicy = BadImagePolicy(allowedFraction: 0) { _ in }
  ) throws -> Int {
    let model = try TrainedModel.importing(fixture("hf")).model
    return try FeatureExtractor(
      .encoder(model.frozenEncoder(in: precision), pooling, layer: layer), of: try openSource(at: images),
      crop: CenterCrop(keptFraction: 1), pool: try WorkerPool(count: threads), communicator: InProcessCommunicator()
    ).write(to: path, badImages: badImages, metadata: ["pool": pooling.rawValue])
  }

  private func rows(_ path: String) throws -> [[Float]] {
    let features = try SafetensorsFile(path: path).floats(of: "features")
    return stride(from: 0, to: features.count, by: 24).map { Array(features[$0..<$0 + 24]) }
  }

  private func names(_ path: String) throws -> [String] {
    try String(contentsOfFile: path + ".txt", encoding: .utf8).split(separator: "\n").map(String.init)
  }

  /// The fixture's images, `broken` of them damaged.
  private func images(broken: [String], in folder: TemporaryFolder) throws -> String {
    let path = folder("images")
    try FileManager.default.copyItem(atPath: fixture("images"), toPath: path)
    for name in broken { try Data("no image".utf8).write(to: URL(filePath: "\(path)/\(name)")) }
    return path
  }

  @Test(arguments: [Pooling.cls, .mean]) func agreesWithTransformers(pooling: Pooling) throws {
    let folder = try TemporaryFolder()
    try embed(fixture("images"), pooling, to: folder("out.safetensors"))
    let file = try SafetensorsFile(path: folder("out.safetensors"))
    let theirs = try SafetensorsFile(path: fixture("oracle.safetensors")).floats(of: "features.\(pooling.rawValue)")
    #expect(try file.tensor(named: "features").shape == [11, 24])
    #expect(distance(try file.floats(of: "features"), theirs) <= 1e-5)
    #expect(file.metadata["pool"] == pooling.rawValue && file.metadata["count"] == "11")
    #expect(try names(folder("out.safetensors")) == (0..<11).map { String(format: "%02d.png", $0) })
  }

  /// In bfloat16 the same within what its roundings come to, on any threads to the bit.
  @Test(arguments: [nil, 1]) func inBFloat16(layer: Int?) throws {
    let folder = try TemporaryFolder()
    func features(_ name: String, _ precision: Precision, threads: Int) throws -> [Float] {
      try embed(layer: layer, threads: threads, precision: precision, to: folder("\(name).safetensors"))
      return try SafetensorsFile(path: folder("\(name).safetensors")).floats(of: "features")
    }
    let (exact, rounded) = (try features("exact", .fp32, threads: 1), try features("rounded", .bf16, threads: 1))
    // Operands of a product are rounded to 2⁻⁹ of themselves each, so that it is off by at most 2⁻⁸ of its terms; there is one
    // after another in the embedding, in the four layers of each of two blocks, and twice in its attention.
    let bound = 13 * 0x1p-8
    #expect(distance(rounded, exact) <= bound)
    #expect(rounded != exact)
    #expect(try features("threads", .bf16, threads: 2) == rounded)
  }

  /// The streams between the blocks, and the patches' tokens behind the last norm.
  @Test(arguments: [0, 1, 2, nil]) func tokensOfLayers(layer: Int?) throws {
    let folder = try TemporaryFolder()
    try embed(fixture("images"), .patches, layer: layer, to: folder("out.safetensors"))
    let file = try SafetensorsFile(path: folder("out.safetensors"))
    #expect(try file.tensor(named: "features").shape == [11, 16, 24])
    let oracle = try SafetensorsFile(path: fixture("hidden_states.safetensors"))
    var theirs = try oracle.floats(of: layer.map { "stream.\($0)" } ?? "patches")
    if layer != nil {
      // Theirs have the cls token before the patches.
      theirs = stride(from: 0, to: theirs.count, by: 17 * 24).flatMap { theirs[$0 + 24..<$0 + 17 * 24] }
    }
    #expect(distance(try file.floats(of: "features"), theirs) <= 1e-5)
  }

  @Test func doesNotDependOnThreadsOrFormat() throws {
    let folder = try TemporaryFolder()
    try embed(fixture("images"), .mean, threads: 1, to: folder("one.safetensors"))
    try embed(fixture("images"), .mean, threads: 3, to: folder("two.npy"))
    let bytes = Array(try Data(contentsOf: URL(filePath: folder("two.npy"))))
    let header = 10 + Int(bytes[8]) + Int(bytes[9]) << 8
    #expect(bytes[..<8] == [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0] && header % 64 == 0)
    let text = String(decoding: bytes[10..<header], as: UTF8.self)
    #expect(text.hasPrefix("{'descr': '<f4', 'fortran_order': False, 'shape': (11, 24), }") && text.hasSuffix("\n"))
    #expect(try Array(bytes[header...]) == storedTensors(folder("one.safetensors"))["features"]?.bytes)
  }

  /// An image's row has the same bits whatever images are encoded beside it.
  @Test func doesNotDependOnOtherImages() throws {
    let folder = try TemporaryFolder()
    try embed(to: folder("all.safetensors"))
    try FileManager.default.createDirectory(atPath: folder("alone"), withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: fixture("images/07.png"), toPath: folder("alone/07.png"))
    try embed(folder("alone"), to: folder("alone.safetensors"))
    #expect(try rows(folder("alone.safetensors")) == [rows(folder("all.safetensors"))[7]])
  }

  @Test func leavesOutImagesThatCannotBeUsed() throws {
    let folder = try TemporaryFolder()
    try embed(to: folder("all.safetensors"))
    let images = try images(broken: ["00.png", "05.png"], in: folder)
    let told = Told()
    let count = try embed(
      images, to: folder("out.safetensors"),
      badImages: BadImagePolicy(allowedFraction: 2 / 11.0) { told.names.append($0.name) })
    #expect(count == 9)
    #expect(told.names == ["00.png", "05.png"])
    let kept = (0..<11).filter { ![0, 5].contains($0) }
    #expect(try names(folder("out.safetensors")) == kept.map { String(format: "%02d.png", $0) })
    let all = try rows(folder("all.safetensors"))
    #expect(try rows(folder("out.safetensors")) == kept.map { all[$0] })
    let file = try SafetensorsFile(path: folder("out.safetensors"))
    #expect(file.metadata["count"] == "9" && file.metadata["left_out"] == "2")

    // The other format holds the same rows, and its header still fills its place.
    try embed(images, to: folder("out.npy"), badImages: BadImagePolicy(allowedFraction: 0.5) { _ in })
    let bytes = Array(try Data(contentsOf: URL(filePath: folder("out.npy"))))
    #expect(String(decoding: bytes, as: Unicode.ASCII.self).contains("'shape': (9, 24), } "))
    #expect(try Array(bytes.suffix(9 * 24 * 4)) == storedTensors(folder("out.safetensors"))["features"]?.bytes)
    #expect((bytes.count - 9 * 24 * 4) % 64 == 0)
  }

  /// The command names what it leaves out, and writes nothing where more is bad than is allowed.
  @Test func saysWhatItLeavesOut() throws {
    let folder = try TemporaryFolder()
    try TrainedModel.importing(fixture("hf")).model.saveRun(to: folder("run"))
    let images = try images(broken: ["04.png"], in: folder)
    func run(_ more: [String] = []) throws -> MPILaunch.Outcome {
      try MPILaunch.run(
        MPILaunch.builtProgram("mae"),
        ["embed", "--checkpoint", folder("run"), "--data", images, "--output", folder("out.npy")] + more, ranks: nil)
    }
    let strict = try run(["--max-bad-fraction", "0"])
    #expect(strict.exitCode == 1 && strict.errorOutput.contains("--max-bad-fraction allows 0"), "\(strict.errorOutput)")
    #expect(!FileManager.default.fileExists(atPath: folder("out.npy")))

    let written = try run()
    #expect(written.exitCode == 0, "\(written.errorOutput)")
    #expect(written.errorOutput.contains("left out: ") && written.errorOutput.contains("04.png"))
    #expect(written.errorOutput.contains("warning: 1 of 11 images cannot be used and were left out"))
    #expect(try names(folder("out.npy")) == (0..<11).filter { $0 != 4 }.map { String(format: "%02d.png", $0) })
  }

  /// Nothing is written, not even in part, where more images are bad than were allowed.
  @Test func givesUpWhereTooManyImagesAreBad() throws {
    let folder = try TemporaryFolder()
    let images = try images(broken: (0..<10).map { String(format: "%02d.png", $0) }, in: folder)
    for (allowed, found) in [(0.0, "1 of the 11 images or more"), (0.5, "6 of the 11 images or more")] {
      let sentence = try sentence {
        try embed(images, to: folder("out.npy"), badImages: BadImagePolicy(allowedFraction: allowed) { _ in })
      }
      #expect(sentence.contains(found) && sentence.contains("--max-bad-fraction allows \(allowed)"))
    }
    try Data("no image".utf8).write(to: URL(filePath: "\(images)/10.png"))
    let none = try sentence {
      try embed(images, to: folder("out.npy"), badImages: BadImagePolicy(allowedFraction: 1) { _ in })
    }
    #expect(none.contains("none of the 11 images can be used"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["images"])
  }

  /// A line feed, a backslash and a byte that is no UTF-8 in names shift no line.
  @Test func namesOfAnyBytesStayOnTheirLines() throws {
    let folder = try TemporaryFolder()
    let path = folder("odd")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let image = try Data(contentsOf: URL(filePath: fixture("images/07.png")))
    for name in ["a\nb.png", "a\\x0ab.png", "c\u{2028}d.png", "é.png"] {
      try image.write(to: URL(filePath: "\(path)/\(name)"))
    }
    let left = Told()
    let rows = try embed(
      path, to: folder("out.npy"), badImages: BadImagePolicy(allowedFraction: 0) { left.names.append($0.name) })
    #expect(rows == 4 && left.names == [])
    #expect(
      try names(folder("out.npy")) == ["a\\x0ab.png", "a\\x5cx0ab.png", "c\\xe2\\x80\\xa8d.png", "é.png"])
  }

  @Test func overwritesNothing() throws {
    let folder = try TemporaryFolder()
    try embed(to: folder("out.npy"))
    #expect(try sentence { try embed(to: folder("out.npy")) }.contains("exists already"))
    try FileManager.default.removeItem(atPath: folder("out.npy"))
    #expect(try sentence { try embed(to: folder("out.npy")) }.contains("out.npy.txt\" exists already"))
    #expect(try sentence { try embed(to: folder("out.csv")) }.contains("neither .npy nor .safetensors"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["out.npy.txt"])
  }
}

/// What a policy was told.
final class Told {
  var names: [String] = []
}
