import Foundation
import MPILaunch
import TemporaryFiles
import Testing

/// The program that looks at this machine.
@Suite(.serialized, .timeLimit(.minutes(3))) struct ProgramTests {
  private func doctor(
    _ options: [String] = [], ranks: Int? = nil, environment: [String: String] = [:]
  ) throws -> MPILaunch.Outcome {
    try MPILaunch.run(
      try MPILaunch.builtProgram("mae"), ["doctor"] + options, ranks: ranks, environment: environment)
  }

  private func files(_ directory: TemporaryDirectory) throws -> (configuration: String, data: String) {
    let data = "\(directory.path)/images-idx3-ubyte"
    try writeBytes([0, 0, 8, 3, 0, 0, 0, 16, 0, 0, 0, 8, 0, 0, 0, 8] + [UInt8](repeating: 9, count: 16 * 64), to: data)
    let text = """
      model:
        {image_size: 8, patch_size: 4, channels: 1, encoder: {width: 16, depth: 1, heads: 2},
         decoder: {width: 16, depth: 1, heads: 2}}
      data: {path: \(data), mean: [0.5], std: [0.25]}
      train: {batch_size: 8, epochs: 4}
      parallel: {virtual_workers: 2}
      """
    return (try directory.write("config.yaml", Array(text.utf8)), data)
  }

  /// One rank of mpirun starts two more by a mpirun of its own.
  @Test(arguments: [nil, 1, 2]) func aRunThatWouldBegin(ranks: Int?) throws {
    let directory = try TemporaryDirectory()
    let files = try files(directory)
    let outcome = try doctor(
      ["--config", files.configuration, "--run-dir", "\(directory.path)/run"], ranks: ranks)
    #expect(outcome.exitCode == 0, "\(outcome.output)\(outcome.errorOutput)")
    for subject in ["program", "cpu", "threads", "memory", "huge pages", "/dev/shm", "containers", "network", "clock"] {
      #expect(outcome.output.contains(subject), "\(subject): \(outcome.output)")
    }
    #expect(outcome.output.contains(/ok       data           \S+: 16 images of an IDX file; one takes/))
    #expect(outcome.output.contains(/kernels        \S+ GFLOP\/s in fp32 products by .+ kernels on \d/))
    #expect(outcome.output.contains(/run directory  \S+: writes, renames and locks/))
    #expect(outcome.output.contains("4 checkpoints of "))
    #expect(outcome.output.contains(ranks == 2 ? "2 ranks on 1 host: a message" : "2 ranks started here: a message"))
    #expect(!FileManager.default.fileExists(atPath: "\(directory.path)/run"))
  }

  /// A configuration of either command, with all images that it names.
  @Test func allImagesThatARunOpensAreLookedAt() throws {
    let directory = try TemporaryDirectory()
    let files = try files(directory)
    let held = "\(directory.path)/held"
    try writeBytes([0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 8, 0, 0, 0, 8] + [UInt8](repeating: 7, count: 4 * 64), to: held)
    let pretraining = ["--config", files.configuration, "--set"]
    let good = try doctor(pretraining + ["eval.test=\(held)"])
    #expect(good.exitCode == 0, "\(good.output)\(good.errorOutput)")
    #expect(good.output.contains("ok       data           \(held): 4 images of an IDX file"), "\(good.output)")
    for key in ["eval.test", "gallery.path"] {
      let bad = try doctor(pretraining + ["\(key)=\(directory.path)/nowhere"])
      #expect(bad.exitCode == 1)
      #expect(bad.output.contains("failure  data           cannot read \(directory.path)/nowhere"), "\(bad.output)")
    }

    let labels = [UInt8](repeating: 0, count: 8) + [UInt8](repeating: 1, count: 8)
    try writeBytes([0, 0, 8, 1, 0, 0, 0, 16] + labels, to: "\(directory.path)/labels-idx1-ubyte")
    let text = """
      model: {image_size: 8, patch_size: 4, channels: 1, classes: 2, encoder: {width: 16, depth: 1, heads: 2}}
      validation: {path: \(directory.path)/nowhere}
      data: {path: \(files.data), mean: [0.5], std: [0.25]}
      train: {batch_size: 8, epochs: 4}
      parallel: {virtual_workers: 2}
      """
    let classifier = try directory.write("classifier.yaml", Array(text.utf8))
    let bad = try doctor(["--config", classifier])
    #expect(bad.exitCode == 1, "\(bad.errorOutput)")
    #expect(bad.output.contains("ok       data           \(files.data): 16 images of an IDX file"), "\(bad.output)")
    #expect(bad.output.contains("failure  data           cannot read \(directory.path)/nowhere"), "\(bad.output)")
    let other = try doctor(["--task", "pretrain", "--config", classifier])
    #expect(other.exitCode == 2)
    #expect(other.errorOutput.contains("is no key of mae pretrain, but of mae finetune"), "\(other.errorOutput)")
  }

  @Test func whatWouldFailIsSaidAndEndsWith1() throws {
    let directory = try TemporaryDirectory()
    let files = try files(directory)
    let outcome = try doctor([
      "--config", files.configuration, "--set", "data.path=\(directory.path)/nowhere", "--run-dir",
      "\(files.data)/run",
    ])
    #expect(outcome.exitCode == 1)
    #expect(
      outcome.output.contains("failure  data           cannot read \(directory.path)/nowhere"), "\(outcome.output)")
    #expect(outcome.output.contains("failure  run directory  \(files.data): mkdir of"))
    #expect(outcome.output.contains(/\d failures/))
  }

  @Test func asJSON() throws {
    let outcome = try doctor(["--json"])
    let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
    let hosts = try #require(object?["hosts"] as? [[String: Any]])
    let findings = try #require(hosts.first?["findings"] as? [[String: Any]])
    #expect(findings.contains { $0["subject"] as? String == "cpu" && $0["level"] as? String != "failure" })
    #expect(outcome.output.split(separator: "\n").count == 1)
  }

  @Test func withoutMpirunItSaysSo() throws {
    let outcome = try doctor(environment: ["PATH": "/nowhere"])
    #expect(outcome.exitCode == 1)
    #expect(
      outcome.output.contains("failure  mpi            mpirun is not on the PATH\n         -> run launch/install"))
  }

  @Test func lonelyTasksOfSrunAreRefusedOnce() throws {
    let first = try doctor(environment: ["SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "0"])
    #expect(first.exitCode == 1)
    #expect(first.output.hasPrefix("failure  launch         srun started 4 processes that cannot find each other"))
    let second = try doctor(environment: ["SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "1"])
    #expect(second.exitCode == 1)
    #expect(second.output.isEmpty)
  }
}
