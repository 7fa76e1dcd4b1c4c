import Foundation
import Reporting
import Testing

struct SystemUsageTests {
  @Test func memoryThatIsTouchedShows() throws {
    let before = try SystemUsage.current()
    let count = 256 << 20
    let memory = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 4096)
    memset(memory, 1, count)
    let with = try SystemUsage.current()
    memory.deallocate()
    let after = try SystemUsage.current()
    // Tests beside this one allocate and free too, but nothing near half of this.
    #expect(with.residentBytes - before.residentBytes > count / 2)
    #expect(with.residentBytes - after.residentBytes > count / 2)
    #expect(after.peakResidentBytes >= with.residentBytes - count / 2 && after.peakResidentBytes > after.residentBytes)
    // Huge pages fault once for 2 MiB at least.
    #expect(with.minorPageFaults - before.minorPageFaults >= count >> 21)
    #expect(with.residentMegabytes == Double(with.residentBytes) / 1_000_000)
  }
}
