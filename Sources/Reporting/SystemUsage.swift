import Foundation

/// What this process takes from the machine.
public struct SystemUsage: Hashable, Sendable {
  /// Bytes in memory now.
  public var residentBytes: Int
  /// The most bytes that ever were in memory.
  public var peakResidentBytes: Int
  /// Pages that were mapped without reading a disk: fresh memory. A hot loop that allocates nothing has none.
  public var minorPageFaults: Int
  /// Pages that had to be read from a disk: too little memory, or a mapped file.
  public var majorPageFaults: Int

  /// In 10⁶ bytes.
  public var residentMegabytes: Double { Double(residentBytes) / 1e6 }
  public var peakResidentMegabytes: Double { Double(peakResidentBytes) / 1e6 }

  /// Of this process, now. Reads `/proc/self/statm` and `getrusage`.
  public static func current() throws(ReportingError) -> SystemUsage {
    var usage = rusage()
    guard getrusage(RUSAGE_SELF.rawValue, &usage) == 0 else { throw .lastSystemError("read", "getrusage") }
    // The second number of statm counts resident pages; ru_maxrss counts KiB.
    let path = "/proc/self/statm"
    guard let file = fopen(path, "re") else { throw .lastSystemError("read", path) }
    defer { fclose(file) }
    var characters = [UInt8](repeating: 0, count: 256)
    let count = fread(&characters, 1, characters.count, file)
    let numbers = String(decoding: characters[..<count], as: UTF8.self).split(separator: " ")
    guard numbers.count > 1, let pages = Int(numbers[1]) else {
      throw .system(action: "read", path: path, reason: "it does not hold the numbers of proc(5)")
    }
    let resident = pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    // The kernel counts the two a little apart; a peak below the present would only confuse.
    return SystemUsage(
      residentBytes: resident, peakResidentBytes: max(resident, usage.ru_maxrss * 1024),
      minorPageFaults: usage.ru_minflt, majorPageFaults: usage.ru_majflt)
  }
}
