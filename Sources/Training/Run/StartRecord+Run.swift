import Collectives
import Compute
import Files
import Foundation
import Reporting

/// What a run says of itself in its log when it begins or goes on.
func startRecord<Task>(of run: Run<Task>) -> StartRecord {
  let (configuration, placement) = (run.configuration, run.replica.placement)
  let train = configuration.train
  var record = StartRecord(
    step: run.step, title: Task.title, stepsPerEpoch: run.order.stepsPerEpoch, lastStep: run.lastStep,
    warmupSteps: Int((train.resolvedWarmupEpochs * Double(run.order.stepsPerEpoch)).rounded()),
    peakLearningRate: train.schedule.peak, batchSize: train.batchSize, images: run.source.count)
  record.changedSettings = zip(configuration.entries, Task.Configuration().entries)
    .filter { $0.value != $1.value }.map { $0.0.path.description }
  let hosts = Set(run.communicator.hostNames).sorted()
  let memory = MachineMemory.current().map {
    LogField("memory_of_host", .text("\(ProgressFormat.measure(Double($0.hostBytes) / 1e9)) GB"))
  }
  record.environment =
    [
      LogField("program", .text("SwiftMAE \(run.options.program)")),
      LogField("command", .text(CommandLine.arguments.map(escaped).joined(separator: " "))),
      LogField("hosts", .text(hosts.joined(separator: ", "))),
      LogField("ranks", .integer(placement.ranks)),
      LogField("threads_of_a_rank", .integer(placement.threads)),
      LogField("virtual_workers_of_a_rank", .integer(placement.block.count)),
      LogField(
        "matrix_products",
        .text("\(train.precision.rawValue), \(BLASKernelName.description(of: run.kernels.kernel))")),
      LogField("model", .text(run.replica.task.summary)),
      LogField("data", .text("\(run.source.kind), \(run.source.count) images")),
    ] + [memory, processor, operatingSystem].compactMap(\.self)
  return record
}

/// The first line `model name : …` of all, which are alike.
private var processor: LogField? {
  value(of: "model name", in: "/proc/cpuinfo", separator: ":").map { LogField("processor", .text($0)) }
}

private var operatingSystem: LogField? {
  value(of: "PRETTY_NAME", in: "/etc/os-release", separator: "=").map { LogField("operating_system", .text($0)) }
}

/// What a file of lines `name separator value` says, without the quotes around it; nil where it does not.
private func value(of name: String, in path: String, separator: Character) -> String? {
  guard let bytes = try? readFile(path) else { return nil }
  for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
    let parts = line.split(separator: separator, maxSplits: 1)
    guard parts.count == 2, parts[0].trimmingCharacters(in: .whitespaces) == name else { continue }
    return parts[1].trimmingCharacters(in: CharacterSet(charactersIn: " \t\""))
  }
  return nil
}
