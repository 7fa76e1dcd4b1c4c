import Reporting
import Testing

struct MachineMemoryTests {
  @Test(arguments: [
    ("MemTotal:       24689764 kB\nMemFree: 1 kB\n", 24_689_764), ("MemTotal:\t9 kB", 9),
    ("MemTotal:123456789 kB", nil),
    ("SwapTotal: 1 kB", nil), ("", nil),
  ]) func linesAreReadByWhiteSpace(text: String, kilobytes: Int?) {
    #expect(MachineMemory.kilobytes("MemTotal", of: text) == kilobytes)
  }

  @Test func groupsAreLookedAtUpToTheRoot() {
    #expect(MachineMemory.ancestors(of: "/slurm/job_7") == ["/slurm/job_7", "/slurm", ""])
    #expect(MachineMemory.ancestors(of: "/") == [""])
  }

  /// This machine has some, and this process is in it.
  @Test func thisHostHasMoreThanThisProcessTakes() throws {
    let host = try #require(MachineMemory.current()).hostBytes
    #expect(try SystemUsage.current().residentBytes < host && host < 1 << 50)
  }
}
