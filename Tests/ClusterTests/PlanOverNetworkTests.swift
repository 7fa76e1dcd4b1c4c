import Foundation
import MPILaunch
import Planning
import Pretraining
import Testing
import Training

extension ClusterSuite {
  /// The plan's model of the network against two hosts on a slow link, so slow that nearly all of a step is waiting.
  @Suite(.serialized) struct PlanOverNetworkTests {
    private let megabits = 200.0

    @Test func predictsTheStepOfTwoHosts() throws {
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent("plan-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      let file = folder.appendingPathComponent("config.yaml")
      try configuration.write(to: file, atomically: true, encoding: .utf8)

      let fast = try step([], file)
      let slow = try step(["--rate", "\(Int(megabits))mbit"], file)
      // What is not the link costs the same with the limit and without.
      let compute = ComputeTimes(
        forward: fast.forward, backward: fast.backward, optimizer: fast.optimizer, lastBackward: fast.backward)
      let prediction = StepPrediction(
        compute: compute, model: try PretrainingConfiguration.decode(yaml: configuration).model,
        allreduce: AllreduceModel(
          nodes: 2, ranksPerNode: 1, network: Network(bitsPerSecond: megabits * 1e6, latencySeconds: 50e-6),
          memoryBandwidth: .infinity))
      #expect(prediction.waiting > 0.5, "the link must be what counts")
      // Below the model: the link's limit lets 256 kB by at once each time after it has been idle, here before each of
      // the two ways, and counts 1514 bytes for a frame of 1538. Above it: all that the two hosts, which have this
      // machine's cores for them, take to move the gradients when there is no limit, should nothing of it overlap.
      let burst = 2 * 256e3 * 8 / (megabits * 1e6)
      let shortest = (prediction.waiting - burst) * 1514 / 1538
      let longest = prediction.waiting + fast.allreduce + (slow.total - slow.allreduce)
      #expect(
        slow.total > shortest && slow.total < prediction.compute.total + longest,
        "step of \(slow.total) s, predicted \(prediction.total) s; \(shortest) s to \(longest) s")
    }

    private struct Times {
      let total: Double
      let forward: Double
      let backward: Double
      let allreduce: Double
      let optimizer: Double
    }

    private func step(_ limit: [String], _ configuration: URL) throws -> Times {
      let outcome = try MPILaunch.run(
        launcher("testbed"),
        ["2"] + limit + [
          "--", "bash", "-c", "mpirun --hostfile $TESTBED_HOSTFILE -np 2 --bind-to none \"$@\"", "-", try mae(),
          "bench",
          "step", "--config", configuration.path, "--steps", "5", "--json",
        ], ranks: nil)
      try #require(outcome.exitCode == 0, "\(outcome.errorOutput)")
      let line = try #require(outcome.output.split(separator: "\n").last { $0.hasPrefix("{") })
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      let seconds = try #require(object?["step_seconds"] as? [String: Double])
      return Times(
        total: try #require(seconds["total"]), forward: try #require(seconds["forward"]),
        backward: try #require(seconds["backward"]), allreduce: try #require(seconds["allreduce"]),
        optimizer: try #require(seconds["optimizer"]))
    }

    /// 6.4 M parameters, 26 MB in one bucket; a step of milliseconds.
    private let configuration = """
      model:
        image_size: 16
        patch_size: 4
        encoder: {width: 512, depth: 2, heads: 4}
        decoder: {width: 64, depth: 1, heads: 2}
      train: {batch_size: 4}
      parallel: {virtual_workers: 2, threads: 1, blas_kernel: mae}
      """
  }
}
