import Foundation
import Reporting

extension SystemFiles {
  /// Whether the clock can be right, and is quick to read.
  ///
  /// - Parameters:
  ///   - now: seconds since 1970, as the system has it.
  ///   - built: when the program's file was written.
  func clock(now: Double, built: Double) -> Finding {
    if now < built {
      return .failure(
        "clock", "it stands at \(day(now)), before this program was written (\(day(built)))",
        do: "set it (timedatectl set-ntp true): logs, checkpoints and certificates go by it")
    }
    guard let source = text("/sys/devices/system/clocksource/clocksource0/current_clocksource") else {
      return .ok("clock", day(now))
    }
    guard ["hpet", "acpi_pm", "jiffies"].contains(source) else { return .ok("clock", "\(day(now)), from \(source)") }
    return .warning(
      "clock", "the kernel reads it from \(source), which takes long",
      do: "see why it does not use the CPU's own (dmesg | grep -i tsc)")
  }

  private func day(_ seconds: Double) -> String {
    let style = Date.ISO8601FormatStyle(timeZone: .gmt).year().month().day().dateSeparator(.dash)
    return Date(timeIntervalSince1970: seconds).formatted(style)
  }
}
