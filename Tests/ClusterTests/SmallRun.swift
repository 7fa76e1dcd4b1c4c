import Foundation
import MPILaunch
import Testing

/// A model that takes a step in about a millisecond, on images of noise: what is under test is everything around it.
struct SmallRun {
  /// Of all files of a test; removed by `remove`.
  let folder: URL
  let steps: Int
  /// Of `mae`: pretrain or finetune.
  let command: String

  init(steps: Int, command: String = "pretrain") throws {
    self.steps = steps
    self.command = command
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("cluster-\(UUID().uuidString)")
    let data = folder.appendingPathComponent("data")
    try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
    try images.write(to: data.appendingPathComponent("train-images-idx3-ubyte"))
    if command == "finetune" { try labels.write(to: data.appendingPathComponent("train-labels-idx1-ubyte")) }
    // A classifier's has none of the sections that only a classifier has.
    let own = command == "finetune" ? "classes: 4" : "decoder: {width: 16, depth: 1, heads: 2}"
    let text = """
      model:
        image_size: 8
        patch_size: 4
        channels: 1
        encoder: {width: 16, depth: 1, heads: 2}
        \(own)
      data: {path: \(data.path), workers: 1, mean: [0.5], std: [0.25]}
      train: {batch_size: 8, epochs: 2000, warmup_epochs: 1, base_learning_rate: 0.01, steps: \(steps)}
      parallel: {virtual_workers: 4, threads: 1}
      checkpoint: {every_steps: 500, every_epochs: null}
      """
    try text.write(to: configuration, atomically: true, encoding: .utf8)
  }

  var configuration: URL { folder.appendingPathComponent("config.yaml") }
  var hosts: URL { folder.appendingPathComponent("hosts") }

  func directory(_ name: String) -> String { folder.appendingPathComponent(name).path }

  /// Options of the command for the run directory `name`.
  func options(_ name: String, _ overrides: [String] = []) -> [String] {
    ["--config", configuration.path, "--run-dir", directory(name)] + overrides.flatMap { ["--set", $0] }
  }

  /// What launchers are given behind `--`: no command means pretrain.
  func launched(_ name: String, _ overrides: [String] = []) -> [String] {
    (command == "pretrain" ? [] : [command]) + options(name, overrides)
  }

  /// The hashes and the step of the newest checkpoint.
  func result(_ name: String) throws -> [String] {
    let outcome = try MPILaunch.run(try mae(), ["inspect", directory(name)], ranks: nil)
    try #require(outcome.exitCode == 0, "\(outcome.errorOutput)")
    return outcome.output.split(separator: "\n").map(String.init)
      .filter { $0.hasPrefix("step: ") || $0.hasPrefix("parameters: ") || $0.hasPrefix("optimizer: ") }
  }

  /// What one process that nothing happens to ends in.
  func undisturbed() throws -> [String] {
    let outcome = try MPILaunch.run(try mae(), [command] + options("undisturbed"), ranks: nil)
    try #require(outcome.exitCode == 0, "\(outcome.errorOutput)")
    let result = try result("undisturbed")
    try #require(result.count == 3 && result[0] == "step: \(steps)")
    return result
  }

  /// The last step in the run's log; 0 before there is any.
  func lastStep(_ name: String) -> Int {
    let log = (try? String(contentsOfFile: "\(directory(name))/log.jsonl", encoding: .utf8)) ?? ""
    let steps = log.split(separator: "\n").suffix(5).compactMap { line in
      (try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])?["step"] as? Int
    }
    return steps.max() ?? 0
  }

  /// The process of a rank that trains in the run directory `name`.
  func process(rank: Int, of name: String) throws -> pid_t {
    try #require(
      try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }.first { process in
        let words = nullSeparated("/proc/\(process)/cmdline")
        return words.dropFirst().first == command && words.contains(directory(name))
          && nullSeparated("/proc/\(process)/environ").contains("OMPI_COMM_WORLD_RANK=\(rank)")
      }, "no process of rank \(rank)")
  }

  func remove() {
    try? FileManager.default.removeItem(at: folder)
  }

  private func nullSeparated(_ path: String) -> [String] {
    guard let data = FileManager.default.contents(atPath: path) else { return [] }
    return data.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Of the images, in turn four classes.
  private var labels: Data { Data([0, 0, 8, 1, 0, 0, 1, 144] + (0..<400).map { UInt8($0 % 4) }) }

  /// 400 grey images of 8 x 8 pixels as an IDX file.
  private var images: Data {
    var data = Data([0, 0, 8, 3, 0, 0, 1, 144, 0, 0, 0, 8, 0, 0, 0, 8])
    var state: UInt32 = 1
    for _ in 0..<400 * 64 {
      state = state &* 1_664_525 &+ 1_013_904_223
      data.append(UInt8(state >> 24))
    }
    return data
  }
}

func mae() throws -> String { try MPILaunch.builtProgram("mae") }

/// Path of a script in launch/.
func launcher(_ name: String) -> String {
  URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("launch").appendingPathComponent(name).path
}

/// A launcher at work while the test goes on.
final class RunningLauncher: @unchecked Sendable {
  private let outcome: Task<MPILaunch.Outcome, any Error>

  init(_ name: String, _ arguments: [String], environment: [String: String] = [:]) {
    let program = launcher(name)
    outcome = Task.detached {
      try MPILaunch.run(program, arguments, ranks: nil, environment: environment, deadlineSeconds: 150)
    }
  }

  func end() async throws -> MPILaunch.Outcome { try await outcome.value }
}

/// Waits until `condition` holds.
func eventually(_ what: String, seconds: Double = 60, _ condition: () throws -> Bool) async throws {
  let end = ContinuousClock.now + .seconds(seconds)
  while try !condition() {
    try #require(ContinuousClock.now < end, "\(what) did not come about in \(seconds) s")
    try await Task.sleep(for: .milliseconds(50))
  }
}
