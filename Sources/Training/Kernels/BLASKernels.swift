import Collectives
import Compute
import Foundation

/// The kernels that a run makes products with, the same on all ranks, and why these.
public struct BLASKernels: Sendable {
  public let kernel: String
  /// For the announcement, to go behind the name.
  let reason: String
  /// What deserves a warning, a sentence each.
  let warnings: [String]

  /// Decides on the kernels and chooses them for this process, on all ranks together.
  ///
  /// - Parameter checkpoint: the kernels of the checkpoint that the run goes on from; nil where it begins anew.
  public static func open(
    _ configuration: some TaskConfiguration, checkpoint: String?, communicator: any Communicator
  ) throws -> BLASKernels {
    if configuration.train.precision == .bf16 { return try ofMixedPrecision(communicator) }
    let asked = ProcessInfo.processInfo.environment[BLAS.variable]
    let choice = configuration.parallel.blasKernel
    if case .environment = choice {
      let kernels = try load(.environment, communicator)
      return BLASKernels(
        kernel: kernels[communicator.rank],
        reason: asked.map { "OPENBLAS_CORETYPE=\($0)" } ?? "OpenBLAS's own pick; OPENBLAS_CORETYPE is not set",
        warnings: differences(kernels, communicator))
    }
    let runnable = try runnableOnAll(communicator)
    var warnings: [String] = []
    var name: BLASKernelName?
    var reason: String
    switch choice {
    case .named(let kernel):
      guard runnable.contains(kernel) else { throw try unrunnable(kernel, runnable, communicator) }
      (name, reason) = (kernel, kernel == .own ? "of the same bits on every CPU" : "as the configuration says")
    case .auto where checkpoint.flatMap(BLASKernelName.init).map(runnable.contains) ?? false:
      (name, reason) = (checkpoint.flatMap(BLASKernelName.init), "as in the checkpoint")
    case .auto, .environment:
      (name, reason) = try measure(configuration, runnable, communicator)
    }
    let kernels = try load(name.map(BLAS.Choice.named) ?? .library, communicator)
    if let name, let other = kernels.firstIndex(where: { $0 != name.rawValue }) {
      throw TrainingError.blasKernelMissing(
        name.rawValue, rank: other, host: communicator.hostNames[other], found: kernels[other])
    }
    warnings += differences(kernels, communicator)
    let kernel = kernels[communicator.rank]
    if let asked, asked.lowercased() != kernel.lowercased() {
      warnings.append(
        "OPENBLAS_CORETYPE asks for OpenBLAS's \(asked) kernels; the run takes \(BLASKernelName.description(of: kernel)), and would do as the variable "
          + "says with parallel.blas_kernel=environment")
    }
    return BLASKernels(kernel: kernel, reason: reason, warnings: warnings)
  }

  /// Products of bfloat16 leave no choice: they are oneDNN's where it has one for the CPU, and our own elsewhere.
  private static func ofMixedPrecision(_ communicator: any Communicator) throws -> BLASKernels {
    let kernels = try communicator.allgather(try communicator.together { try BFloat16.openProducts() })
    return BLASKernels(
      kernel: kernels[communicator.rank], reason: "bfloat16 has no others on this CPU",
      warnings: differences(kernels, communicator))
  }

  /// Rank 0 measures; all ranks get its choice, or nil where OpenBLAS is to pick.
  private static func measure(
    _ configuration: some TaskConfiguration, _ runnable: [BLASKernelName], _ communicator: any Communicator
  ) throws -> (name: BLASKernelName?, reason: String) {
    var said = ["", ""]
    if communicator.rank == 0 {
      let measurement = BLASKernelMeasurement(
        candidates: runnable.filter { $0 == .own ? BLAS.ownIsFast : $0 >= .haswell },
        products: configuration.matrixProducts)
      let standard = BLAS.ownIsFast ? BLASKernelName.own.rawValue : ""
      said = [measurement.choice(runnable: runnable) ?? standard, measurement.description]
    }
    said = try said.map { try communicator.broadcast($0, from: 0) }
    // Kernels that have no name here cannot be asked for; they are what OpenBLAS picks.
    return (BLASKernelName(rawValue: said[0]), said[1])
  }

  /// Chooses them on all ranks.
  ///
  /// - Returns: the kernels of each.
  private static func load(_ choice: BLAS.Choice, _ communicator: any Communicator) throws -> [String] {
    let blas = try communicator.together { try BLAS.open(choice) }
    return try communicator.allgather(blas.kernel)
  }

  private static func runnableOnAll(_ communicator: any Communicator) throws -> [BLASKernelName] {
    let all = try communicator.allgather(BLASKernelName.runnable.map(\.rawValue).joined(separator: " "))
    let sets = all.map { Set($0.split(separator: " ").map(String.init)) }
    return BLASKernelName.allCases.filter { name in sets.allSatisfy { $0.contains(name.rawValue) } }
  }

  private static func unrunnable(
    _ kernel: BLASKernelName, _ runnable: [BLASKernelName], _ communicator: any Communicator
  ) throws -> TrainingError {
    let missing = try communicator.allgather(kernel.missingInstructions ?? "")
    let rank = missing.firstIndex { !$0.isEmpty }!
    return .blasKernelUnrunnable(
      kernel.rawValue, rank: rank, host: communicator.hostNames[rank], lacks: missing[rank],
      runnable: runnable.map(\.rawValue))
  }

  private static func differences(_ kernels: [String], _ communicator: any Communicator) -> [String] {
    guard let other = kernels.firstIndex(where: { $0 != kernels[0] }) else { return [] }
    let haveNames = [kernels[0], kernels[other]].allSatisfy { BLASKernelName(rawValue: $0) != nil }
    let advice = haveNames ? "; name one for all with parallel.blas_kernel" : ""
    return [
      "rank \(other) on \(communicator.hostNames[other]) makes products with \(BLASKernelName.description(of: kernels[other])) "
        + "and rank 0 with \(BLASKernelName.description(of: kernels[0])): bits depend on which host computes what"
        + advice
    ]
  }
}

extension BLASKernelMeasurement: CustomStringConvertible {
  /// Why the kernels are taken, with the rates.
  public var description: String {
    guard let pick else {
      return "nothing could be measured: OpenBLAS is missing, or the program could not start itself"
    }
    let list = rates.map { "\($0.kernel) \(Int($0.gflops.rounded()))" }.joined(separator: ", ")
    return "of one thread's GFLOP/s: \(list); OpenBLAS's own pick is \(pick)"
  }
}
