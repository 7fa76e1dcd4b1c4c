import Reporting
import Testing

struct ProcessStatusTests {
  /// What the kernel (6.1) gave for a process of more than 10,000,000 kB: no space is left between tab and number.
  private let large = """
    Name:\tmae
    Umask:\t0022
    State:\tR (running)
    Pid:\t4711
    VmPeak:\t14200100 kB
    VmSize:\t14134564 kB
    VmHWM:\t12582912 kB
    VmRSS:\t10000000 kB
    RssAnon:\t 9995000 kB
    RssFile:\t    5000 kB
    Threads:\t3

    """

  @Test func fieldsOfALargeProcess() {
    let status = ProcessStatus(large)
    #expect(status.bytes("VmRSS") == 10_000_000 * 1024)
    #expect(status.bytes("VmHWM") == 12_582_912 * 1024)
  }

  @Test func fieldsThatArePadded() {
    let status = ProcessStatus(large)
    #expect(status.bytes("RssAnon") == 9_995_000 * 1024)
    #expect(status.bytes("RssFile") == 5000 * 1024)
  }

  /// The name of a process may be anything, and a field's name may begin another's.
  @Test func aFieldIsItsWholeName() {
    let status = ProcessStatus("Name:\tVmRSS: 1 kB\nVmRSSAll:\t2 kB\nVmRSS:\t 3 kB\n")
    #expect(status.bytes("VmRSS") == 3 * 1024)
    #expect(status.bytes("VmRS") == nil)
  }

  @Test(arguments: ["VmRSS:\n", "VmRSS:\t12\n", "VmRSS:\t12 MB\n", "VmRSS:\tmany kB\n", ""])
  func whatIsNoNumberOfKilobytes(text: String) {
    #expect(ProcessStatus(text).bytes("VmRSS") == nil)
  }
}
