import Foundation
import Testing

@testable import Pretraining

@Suite struct EvaluationMemoryTests {
  /// An IDX file of black 8 x 8 images.
  private func write(count: Int, to path: String) throws {
    let header: [UInt8] = [0, 0, 8, 3, 0, 0, 0, UInt8(count), 0, 0, 0, 8, 0, 0, 0, 8]
    try Data(header + Array(repeating: 0, count: 64 * count)).write(to: URL(filePath: path))
  }

  private func bytes(_ settings: [String]) throws -> Int {
    let yaml = "model: {image_size: 8, patch_size: 4, channels: 1, encoder: {width: 16, depth: 1, heads: 1}}"
    return PretrainingEvaluation.bytes(
      try PretrainingConfiguration.decode(
        yaml: yaml, overrides: ["data.mean=[0.5]", "data.std=[0.5]", "data.path=nowhere"] + settings),
      threads: 1)
  }

  /// Features of a set take what its images take, and of a larger one what so many of them take.
  @Test func countsTheImagesThatThereAre() throws {
    let folder = NSTemporaryDirectory() + "evaluation-memory-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try write(count: 60, to: "\(folder)/test")
    try write(count: 90, to: "\(folder)/train")
    let (test, train) = ("eval.test=\(folder)/test", "eval.train=\(folder)/train")
    // Three vectors of 16 floats for each image.
    let vector = 3 * 16 * 4
    let small = try bytes([test, "eval.max_images=10"])
    #expect(try bytes([test]) - small == 50 * vector)
    #expect(try bytes([test, train]) - small == 140 * vector)
    #expect(try bytes([test, train, "eval.max_images=70"]) - small == 120 * vector)
    #expect(try bytes(["eval.test=\(folder)/nowhere"]) - small == 9_990 * vector)
    #expect(try bytes([]) == 0)
  }
}
