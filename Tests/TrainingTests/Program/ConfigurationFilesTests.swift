import Foundation
import Testing

extension ProgramTests {
  /// The files in `configs`: a step of each small one here, of the large ones in `launch/soak huge`.
  @Suite struct ConfigurationFiles {
    private static let folder = URL(filePath: #filePath).appending(path: "../../../../configs").standardizedFileURL
    /// Their state alone is more than a gigabyte.
    private static let large: Set<String> = ["vit_base.yaml", "vit_large.yaml", "vit_huge.yaml"]

    private static func names() throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }.sorted()
    }

    @Test func areAllValidAndNoneIsLeftOut() throws {
      let bench = try Workbench()
      let names = try Self.names()
      #expect(Self.large.isSubset(of: names) && names.count > Self.large.count)
      for name in names {
        let outcome = try bench.runAnyCommand(["config", "check", "--config", "\(Self.folder.path)/\(name)"])
        #expect(outcome.exitCode == 0, "\(name): \(outcome.errorOutput)")
      }
    }

    @Test func takeAStep() throws {
      let bench = try Workbench()
      for name in try Self.names() where !Self.large.contains(name) {
        let settings = [
          "data.path=\(bench.path)/images", "train.batch_size=4", "parallel.virtual_workers=2", "train.steps=1",
        ]
        let outcome = try bench.runAnyCommand(
          ["pretrain", "--config", "\(Self.folder.path)/\(name)", "--run-dir", "\(bench.path)/\(name)"]
            + settings.flatMap { ["--set", $0] })
        #expect(outcome.exitCode == 0, "\(name): \(outcome.errorOutput)")
        #expect(try bench.inspect(name).step == 1)
      }
    }
  }
}
