import Compute
import Files
import Glibc

/// How long the cores that this process may run on have computed since the host was started, for it and for all.
public struct MachineLoad: Sendable {
  /// In seconds of one core.
  let all: Double
  let own: Double
  let time: ContinuousClock.Instant

  /// Now; nil where the system does not say.
  public static func current() -> MachineLoad? {
    guard let text = (try? readStream("/proc/stat", limit: 1 << 20)).map({ String(decoding: $0, as: UTF8.self) }),
      let all = busySeconds(text, of: availableCores(), ticksPerSecond: Double(sysconf(Int32(_SC_CLK_TCK))))
    else { return nil }
    var own = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own)
    return MachineLoad(all: all, own: Double(own.tv_sec) + Double(own.tv_nsec) / 1e9, time: .now)
  }

  /// The cores that others kept busy between an earlier time and this one, on average.
  public func coresOfOthers(since earlier: MachineLoad) -> Double {
    let seconds = (time - earlier.time) / .seconds(1)
    guard seconds > 0 else { return 0 }
    return max(0, (all - earlier.all) - (own - earlier.own)) / seconds
  }

  /// The lines of proc(5)'s `/proc/stat` for single cores: `cpu0`, and ticks of user, nice, system, idle, waiting for a disk,
  /// interrupts of two kinds, and those that the machine below gave to other guests, whose time is missing here as well.
  static func busySeconds(_ stat: String, of cores: [Int], ticksPerSecond: Double) -> Double? {
    let names = Set(cores.map { "cpu\($0)" })
    var (sum, found) = (0.0, 0)
    for line in stat.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard let name = words.first, names.contains(String(name)) else { continue }
      let ticks = words[1...].map { Double($0) ?? .nan }
      guard ticks.count >= 8, ticks[..<8].allSatisfy(\.isFinite) else { return nil }
      sum += [0, 1, 2, 5, 6, 7].reduce(0) { $0 + ticks[$1] }
      found += 1
    }
    return found == cores.count ? sum / ticksPerSecond : nil
  }
}
