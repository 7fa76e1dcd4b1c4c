import Files
import Glibc

/// The memory that processes on this host may take, in bytes.
public struct MachineMemory: Hashable, Sendable {
  /// All processes together: the machine's memory and swap space, or the less that their control group may use (a
  /// container's or a queue's limit).
  public var hostBytes: Int
  /// This process alone, where the shell limits it (`ulimit -v`).
  public var processBytes: Int?

  public init(hostBytes: Int, processBytes: Int? = nil) {
    self.hostBytes = hostBytes
    self.processBytes = processBytes
  }

  /// Of this host; nil where the system does not say.
  public static func current() -> MachineMemory? {
    guard let meminfo = text("/proc/meminfo"), let total = kilobytes("MemTotal", of: meminfo) else { return nil }
    let machine = (total + (kilobytes("SwapTotal", of: meminfo) ?? 0)) * 1024
    var limit = rlimit()
    let isLimited = getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0 && limit.rlim_cur < Int.max
    return MachineMemory(
      hostBytes: ([machine] + controlGroupLimits(text("/proc/self/cgroup") ?? "")).min()!,
      processBytes: isLimited ? Int(limit.rlim_cur) : nil)
  }

  /// A line is `MemTotal:       24689764 kB`, with any white space.
  public static func kilobytes(_ name: String, of meminfo: String) -> Int? {
    for line in meminfo.split(separator: "\n") {
      let words = line.split(whereSeparator: \.isWhitespace)
      if words.count >= 2, words[0] == name + ":" { return Int(words[1]) }
    }
    return nil
  }

  /// The limits of the control groups that this process is in, and of those above them, in both versions of Linux's.
  ///
  /// - Parameter membership: `/proc/self/cgroup`: lines `0::/path`, or `4:memory:/path`.
  private static func controlGroupLimits(_ membership: String) -> [Int] {
    var limits: [Int] = []
    for line in membership.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let isSecondVersion = parts[1].isEmpty
      guard isSecondVersion || parts[1].split(separator: ",").contains("memory") else { continue }
      let root = isSecondVersion ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory"
      let file = isSecondVersion ? "memory.max" : "memory.limit_in_bytes"
      for group in ancestors(of: String(parts[2])) {
        // Where there is no limit, it says "max".
        if let limit = text(root + group + "/" + file).flatMap({ Int($0.prefix(while: \.isNumber)) }) {
          limits.append(limit)
        }
      }
    }
    return limits
  }

  /// `/a/b`, `/a` and the root, which has no name.
  public static func ancestors(of path: String) -> [String] {
    let names = path.split(separator: "/")
    return (0...names.count).reversed().map { count in names.prefix(count).map { "/" + $0 }.joined() }
  }

  private static func text(_ path: String) -> String? {
    // The system's own files are of no size; none of those that are read here is nearly as long.
    (try? readStream(path, limit: 1 << 20)).map { String(decoding: $0, as: UTF8.self) }
  }
}
