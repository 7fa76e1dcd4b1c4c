import Files
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

  /// Of this process, now. Reads `/proc/self/status` and `getrusage`, whose own peak is not taken: it begins with that of
  /// the process that started this one.
  public static func current() throws(ReportingError) -> SystemUsage {
    var usage = rusage()
    guard getrusage(RUSAGE_SELF.rawValue, &usage) == 0 else { throw .lastSystemError("read", "getrusage") }
    let path = "/proc/self/status"
    let text = try reporting { () throws(FileError) in try readFile(path) }
    let status = ProcessStatus(String(decoding: text, as: UTF8.self))
    guard let resident = status.bytes("VmRSS"), let peak = status.bytes("VmHWM") else {
      throw .system(action: "read", path: path, reason: "it does not hold the lines of proc(5)")
    }
    // The kernel counts the two a little apart; a peak below the present would only confuse.
    return SystemUsage(
      residentBytes: resident, peakResidentBytes: max(resident, peak),
      minorPageFaults: usage.ru_minflt, majorPageFaults: usage.ru_majflt)
  }
}
