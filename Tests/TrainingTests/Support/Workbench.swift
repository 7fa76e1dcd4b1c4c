import Foundation
import MPILaunch
import Testing

/// The tests that run the real program; one after another, since each run already has more threads than a small machine
/// has cores.
@Suite(.serialized, .timeLimit(.minutes(10)))
enum ProgramTests {}

/// A folder with a tiny data set, a tiny configuration, and any number of run directories, gone when the test is over.
///
/// 80 images in batches of 16 are five steps an epoch; a step takes some milliseconds.
final class Workbench {
  let path: String
  let stepsPerEpoch = 5
  private let program: String
  private let command: String

  /// - Parameters:
  ///   - command: what trains.
  ///   - configuration: in the place of the one for grey images.
  init(command: String = "pretrain", configuration: String = tinyConfiguration) throws {
    self.command = command
    program = try MPILaunch.builtProgram("mae")
    path = NSTemporaryDirectory() + "training-tests-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try write(Array(configuration.utf8), to: "tiny.yaml")
    try write(idxFile(images: greyImages(count: 80)), to: "images")
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  func write(_ bytes: some Sequence<UInt8>, to name: String) throws {
    let file = URL(fileURLWithPath: "\(path)/\(name)")
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
  }

  /// The command line of a run into the directory `run`, relative to the folder unless it is absolute.
  func arguments(_ run: String, _ settings: [String] = [], options: [String] = []) -> [String] {
    let all = ["data.path=\(path)/images"] + settings
    let directory = run.hasPrefix("/") ? run : "\(path)/\(run)"
    return [command, "--config", "\(path)/tiny.yaml", "--run-dir", directory]
      + all.flatMap { ["--set", $0] } + options
  }

  /// - Parameters:
  ///   - settings: `key=value` over the tiny configuration.
  ///   - ranks: nil is without mpirun.
  ///   - environment: added to this process's.
  func start(
    _ run: String, _ settings: [String] = [], options: [String] = [], ranks: Int? = nil,
    environment: [String: String] = [:]
  ) throws -> MPIJob {
    try MPILaunch.start(program, arguments(run, settings, options: options), ranks: ranks, environment: environment)
  }

  func pretrain(
    _ run: String, _ settings: [String] = [], options: [String] = [], ranks: Int? = nil,
    environment: [String: String] = [:]
  ) throws -> MPILaunch.Outcome {
    try start(run, settings, options: options, ranks: ranks, environment: environment).wait(deadlineSeconds: 60)
  }

  /// A run that must come to its end, and what it came to.
  @discardableResult
  func train(
    _ run: String, _ settings: [String] = [], options: [String] = [], ranks: Int? = nil
  ) throws -> TrainingResult {
    let outcome = try pretrain(run, settings, options: options, ranks: ranks)
    try #require(outcome.exitCode == 0, "\(run): \(outcome.errorOutput)")
    return try result(of: run)
  }

  /// Two ranks that are given different command lines.
  ///
  /// - Parameter secondThrough: a command that starts the second rank.
  func startUnequalRanks(_ first: [String], _ second: [String], secondThrough: [String] = []) throws -> MPIJob {
    try MPILaunch.start(program, first + [":", "-np", "1"] + secondThrough + [program] + second, ranks: 1)
  }

  func runAnyCommand(_ arguments: [String], ranks: Int? = nil) throws -> MPILaunch.Outcome {
    try MPILaunch.run(program, arguments, ranks: ranks, deadlineSeconds: 60)
  }

  /// Runs a script of bash, in which `"$0" "$@"` is the program with `arguments`.
  func shell(_ script: String, _ arguments: [String]) throws -> MPILaunch.Outcome {
    try MPILaunch.run("/bin/bash", ["-c", script, program] + arguments, ranks: nil, deadlineSeconds: 60)
  }

  func result(of run: String) throws -> TrainingResult {
    TrainingResult(checkpoint: try inspect(run), log: try log(of: run))
  }

  /// What `mae inspect` says of a run's newest checkpoint, or of one below it.
  func inspect(_ run: String) throws -> Inspection {
    let outcome = try runAnyCommand(["inspect", "\(path)/\(run)"])
    try #require(outcome.exitCode == 0, "\(outcome.errorOutput)")
    return try Inspection(outcome.output)
  }

  func log(of run: String) throws -> RunLog {
    RunLog(String(decoding: try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(run)/log.jsonl")), as: UTF8.self))
  }

  /// The steps in the log's lines of an event.
  func events(_ event: String, of run: String) throws -> [Int] {
    try String(contentsOfFile: "\(path)/\(run)/log.jsonl", encoding: .utf8).split(separator: "\n")
      .compactMap { $0.firstMatch(of: /"event":"(\w+)","step":(\d+)/) }
      .filter { $0.1 == event }.compactMap { Int($0.2) }
  }

  func checkpointSteps(of run: String) throws -> [Int] {
    try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(run)/checkpoints")
      .filter { $0.hasPrefix("step-") }.compactMap { Int($0.dropFirst(5)) }.sorted()
  }

  /// Every file below a run directory with its bytes, except the lock, which each start writes its name into.
  func contents(of run: String) throws -> [String: Data] {
    var contents: [String: Data] = [:]
    let root = "\(path)/\(run)"
    for name in FileManager.default.enumerator(atPath: root)?.allObjects as? [String] ?? [] where name != ".lock" {
      contents[name] = FileManager.default.contents(atPath: "\(root)/\(name)") ?? Data()
    }
    return contents
  }

  /// Waits until the log of `run` has a line for `step`, while `job` goes on.
  func waitForStep(_ step: Int, of run: String, _ job: MPIJob) throws {
    try waitUntil("step \(step) of \(run)", job) { (try? log(of: run).lastStep) ?? 0 >= step }
  }

  func waitUntil(_ event: String, _ job: MPIJob, _ condition: () -> Bool) throws {
    let start = ContinuousClock.now
    while !condition() {
      try #require(job.isRunning, "ended before \(event): \(job.errorOutput)")
      try #require(ContinuousClock.now - start < .seconds(30), "no \(event) within 30 seconds: \(job.errorOutput)")
      Thread.sleep(forTimeInterval: 0.01)
    }
  }
}

/// 8 x 8 pixels in 16 patches, 33 thousand parameters.
let tinyConfiguration = """
  model:
    image_size: 8
    patch_size: 2
    channels: 1
    encoder: {width: 32, depth: 2, heads: 2}
    decoder: {width: 16, depth: 2, heads: 2}
  data:
    workers: 1
    mean: [0.5]
    std: [0.25]
  train:
    batch_size: 16
    epochs: 20
    base_learning_rate: 0.016
    warmup_epochs: 1
  parallel:
    virtual_workers: 4
    threads: 1
    blas_kernel: mae
  """
