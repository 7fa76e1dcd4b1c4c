import Foundation
import Reporting

extension SystemFiles {
  /// Whether the ranks of this host may use its cores, and are given the time of those.
  ///
  /// - Parameters:
  ///   - allowed: the cores that each rank of the host may run on, by number.
  func cores(allowed: [Set<Int>]) -> [Finding] {
    let usable = allowed.reduce(into: Set<Int>()) { $0.formUnion($1) }.count
    let ranks = allowed.count
    let all = max(coreCount, usable)
    let who = ranks == 1 ? "this process" : "the \(ranks) ranks of this host"
    let binding: Finding =
      usable == all
      ? .ok("threads", "\(who) may use all \(ProgressFormat.count(all, "core"))")
      : .warning(
        "threads", "\(who) may use \(usable) of \(ProgressFormat.count(all, "core"))",
        do:
          "where that is not meant: mpirun binds up to two ranks to one core each and more to one socket; start it with "
          + "--bind-to none, or with --map-by slot:PE=\(max(1, all / ranks)) --bind-to core (the launchers do); in a queue ask "
          + "for more cores a task")
    guard let quota = coreQuota, quota < Double(usable) - 0.01 else { return [binding] }
    let text = String(format: "%g", (quota * 100).rounded() / 100)
    return [
      binding,
      .warning(
        "cpu quota",
        "the control group of this process gets the time of \(text) cores, and its threads would run on \(usable)",
        do:
          "set parallel.threads to \(max(1, Int(quota) / ranks)), or give the container or job more (docker run --cpus): "
          + "threads that are stopped in the middle of a step keep the others waiting"),
    ]
  }

  /// The cores whose time the control groups of this process leave to it; nil where they set no limit.
  private var coreQuota: Double? {
    var quotas: [Double] = []
    for line in (text("/proc/self/cgroup") ?? "").split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let isSecondVersion = parts[1].isEmpty
      guard isSecondVersion || parts[1].split(separator: ",").contains("cpu") else { continue }
      for group in MachineMemory.ancestors(of: String(parts[2])) {
        let folder = isSecondVersion ? "/sys/fs/cgroup\(group)" : "/sys/fs/cgroup/cpu\(group)"
        // `150000 100000`, or `max 100000`; in the first version two files, with -1 for no limit.
        let numbers =
          isSecondVersion
          ? (text(folder + "/cpu.max") ?? "").split(separator: " ").map { Double($0) }
          : [number(folder + "/cpu.cfs_quota_us"), number(folder + "/cpu.cfs_period_us")].map { $0.map(Double.init) }
        guard numbers.count == 2, let time = numbers[0], let period = numbers[1], time > 0, period > 0 else { continue }
        quotas.append(time / period)
      }
    }
    return quotas.min()
  }
}
