import Foundation
import Testing

extension ProgramTests {
  /// The files in `configs`: a step of each small one here, of the large ones in `launch/soak huge`.
  @Suite struct ConfigurationFiles {
    private static let folder = URL(filePath: #filePath).appending(path: "../../../../configs").standardizedFileURL
    /// Their state alone is more than a gigabyte.
    private static let large = Set(
      ["", "finetune_", "probe_"].flatMap { kind in ["base", "large", "huge"].map { "\(kind)vit_\($0).yaml" } })

    private static func names() throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }.sorted()
    }

    /// The command that a file is for: a model with classes is no masked autoencoder.
    private static func command(for name: String) throws -> String {
      try String(contentsOfFile: "\(folder.path)/\(name)", encoding: .utf8).contains("\n  classes: ")
        ? "finetune" : "pretrain"
    }

    /// With data that is there, and a batch whose sums fit into the memory of a small machine: of both the check asks.
    @Test func areAllValidAndNoneIsLeftOut() throws {
      let bench = try Workbench()
      try bench.write(idxFile(images: greyImages(count: 80)), to: "grey/train-images-idx3-ubyte")
      let labels = (0..<80).map { UInt8($0 % 2) }
      try bench.write([0, 0, 8, 1, 0, 0, 0, 80] + labels, to: "grey/train-labels-idx1-ubyte")
      try bench.writeJPEGs(to: "colour")
      let names = try Self.names()
      #expect(Self.large.isSubset(of: names) && names.count > Self.large.count)
      for name in names {
        let command = try Self.command(for: name)
        let data = name.contains("fashion_mnist") ? "grey" : "colour"
        var settings = ["data.path=\(bench.path)/\(data)", "train.batch_size=2", "parallel.virtual_workers=1"]
        if command == "finetune" { settings += ["validation.path=", "model.classes=2"] }
        let outcome = try bench.runAnyCommand(
          ["config", "check", "--config", "\(Self.folder.path)/\(name)"]
            + settings.flatMap { ["--set", $0] })
        #expect(outcome.exitCode == 0, "\(name): \(outcome.errorOutput)")
      }
    }

    @Test func takeAStep() throws {
      let bench = try Workbench()
      try bench.write(idxFile(images: greyImages(count: 80)), to: "labelled/train-images-idx3-ubyte")
      let labels = (0..<80).map { UInt8($0 % 10) }
      try bench.write([0, 0, 8, 1, 0, 0, 0, 80] + labels, to: "labelled/train-labels-idx1-ubyte")
      for name in try Self.names() where !Self.large.contains(name) {
        var settings = [
          "data.path=\(bench.path)/labelled", "train.batch_size=4", "parallel.virtual_workers=2", "train.steps=1",
        ]
        if try Self.command(for: name) == "finetune" { settings += ["validation.path="] }
        let outcome = try bench.runAnyCommand(
          [
            try Self.command(for: name), "--config", "\(Self.folder.path)/\(name)", "--run-dir",
            "\(bench.path)/\(name)",
          ]
            + settings.flatMap { ["--set", $0] })
        #expect(outcome.exitCode == 0, "\(name): \(outcome.errorOutput)")
        #expect(try bench.inspect(name).step == 1)
      }
    }
  }
}
