import Checkpoints
import Datasets
import Evaluation
import Foundation
import Interoperability
import Safetensors
import Testing

/// `mae embed` against transformers' encoder over the same images.
@Suite struct EmbeddingTests {
  private func embed(_ pooling: Pooling, threads: Int, to path: String) throws {
    let model = try TrainedModel.importing(fixture("hf")).model
    try Embedder(
      model, source: try openSource(at: fixture("images")), pooling: pooling, keptFraction: 1, threads: threads
    ).write(to: path)
  }

  @Test(arguments: Pooling.allCases) func agreesWithTransformers(pooling: Pooling) throws {
    let folder = try TemporaryFolder()
    try embed(pooling, threads: 2, to: folder("out.safetensors"))
    let file = try SafetensorsFile(path: folder("out.safetensors"))
    let theirs = try SafetensorsFile(path: fixture("oracle.safetensors")).floats(of: "features.\(pooling.rawValue)")
    #expect(try file.tensor(named: "features").shape == [11, 24])
    #expect(distance(try file.floats(of: "features"), theirs) <= 1e-5)
    #expect(file.metadata["pool"] == pooling.rawValue)
    let names = try String(contentsOfFile: folder("out.safetensors.txt"), encoding: .utf8)
    #expect(names == (0..<11).map { String(format: "%02d.png\n", $0) }.joined())
  }

  @Test func doesNotDependOnThreadsOrFormat() throws {
    let folder = try TemporaryFolder()
    try embed(.mean, threads: 1, to: folder("one.safetensors"))
    try embed(.mean, threads: 2, to: folder("two.npy"))
    let bytes = Array(try Data(contentsOf: URL(filePath: folder("two.npy"))))
    let header = 10 + Int(bytes[8]) + Int(bytes[9]) << 8
    #expect(bytes[..<8] == [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0] && header % 64 == 0)
    let text = String(decoding: bytes[10..<header], as: UTF8.self)
    #expect(text.hasPrefix("{'descr': '<f4', 'fortran_order': False, 'shape': (11, 24), }") && text.hasSuffix("\n"))
    #expect(try Array(bytes[header...]) == storedTensors(folder("one.safetensors"))["features"]?.bytes)
  }

  @Test func overwritesNothingAndSaysWhichImageIsBroken() throws {
    let folder = try TemporaryFolder()
    try embed(.cls, threads: 1, to: folder("out.npy"))
    #expect(try sentence { try embed(.cls, threads: 1, to: folder("out.npy")) }.contains("exists already"))
    #expect(
      try sentence { try embed(.cls, threads: 1, to: folder("out.csv")) }.contains("neither .npy nor .safetensors"))

    try FileManager.default.copyItem(atPath: fixture("images"), toPath: folder("images"))
    try Data("no image".utf8).write(to: URL(filePath: folder("images/05.png")))
    let model = try TrainedModel.importing(fixture("hf")).model
    let embedder = Embedder(
      model, source: try openSource(at: folder("images")), pooling: .cls, keptFraction: 1, threads: 2)
    #expect(try sentence { try embedder.write(to: folder("broken.npy")) }.contains("05.png"))
    // Nothing half written is left.
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.contains("broken") } == [])
  }
}
