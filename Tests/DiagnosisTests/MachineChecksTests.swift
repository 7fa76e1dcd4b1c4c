import CProcessor
import Files
import Foundation
import TemporaryFiles
import Testing

@testable import Diagnosis

/// Each check against the files of a machine where all is well and of one where it is not.
@Suite struct MachineChecksTests {
  private let directory: TemporaryDirectory
  private let avx2 = Int(PROCESSOR_SSE42 | PROCESSOR_AVX | PROCESSOR_AVX2 | PROCESSOR_FMA)

  init() throws { directory = try TemporaryDirectory() }

  /// A machine whose kernel has these files.
  private func system(_ files: [String: String]) throws -> SystemFiles {
    let root = "\(directory.path)/\(UUID().uuidString)"
    for (path, text) in files {
      let file = URL(filePath: root + path)
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    return SystemFiles(root: root)
  }

  // MARK: CPU

  @Test func aProgramThatUsesWhatTheCPUHas() throws {
    let machine = try system(["/proc/cpuinfo": cpuinfo()])
    #expect(
      machine.processor(built: avx2) == .ok("cpu", "Test CPU 9000; the program uses its fused multiply-adds"))
  }

  @Test func aCPUThatLacksWhatTheProgramWasBuiltFor() throws {
    let machine = try system(["/proc/cpuinfo": cpuinfo()])
    let finding = machine.processor(built: avx2 | Int(PROCESSOR_AVX512F))
    #expect(finding.level == .failure)
    #expect(finding.found == "Test CPU 9000 lacks AVX-512, which this program was built for")
    #expect(finding.advice?.contains("MAE_CPU=x86-64-v3 swift build") == true)
  }

  @Test func aProgramThatLeavesTheCPUsBestUnused() throws {
    let machine = try system(["/proc/cpuinfo": cpuinfo(flags: "sse4_2 avx avx2 fma bmi2 avx512f")])
    let finding = machine.processor(built: avx2)
    #expect(finding.level == .warning)
    #expect(finding.found == "Test CPU 9000 has AVX-512, and this program was built without it")
  }

  @Test func aKernelWithoutFlagsIsNoTrouble() throws {
    #expect(try system([:]).processor(built: avx2).level == .ok)
  }

  @Test func threadsThatHoldOneAnotherUp() {
    let oneDNN = "oneDNN avx512_core_bf16"
    let good = ProductRate(precision: .bf16, kernel: oneDNN, alone: 100, together: 390, threads: 4).finding
    #expect(
      good
        == .ok(
          "kernels",
          "390 GFLOP/s in bf16 products by oneDNN's avx512_core_bf16 kernels on 4 threads, 100 on one alone"))
    let slow = ProductRate(precision: .fp32, kernel: "mae", alone: 100, together: 210, threads: 4).finding
    #expect(slow.level == .warning)
    #expect(
      slow.found
        == "210 GFLOP/s in fp32 products by mae's own kernels on 4 threads, 100 on one alone: the threads hold one another up"
    )
  }

  @Test func productsOfBFloat16() throws {
    #expect(try !system(["/proc/cpuinfo": cpuinfo()]).multipliesBFloat16)
    #expect(try system(["/proc/cpuinfo": cpuinfo(flags: "fpu avx512f avx512_bf16")]).multipliesBFloat16)
  }

  // MARK: Cores

  @Test func ranksThatShareAllCores() throws {
    let machine = try system(["/proc/cpuinfo": cpuinfo(), "/proc/self/cgroup": "0::/\n"])
    #expect(
      machine.cores(allowed: [[0, 1], [2, 3]]) == [
        .ok("threads", "the 2 ranks of this host may use all 4 cores")
      ])
  }

  /// What mpirun does with two ranks unless it is told otherwise.
  @Test func ranksThatAreBoundToACoreEach() throws {
    let machine = try system(["/proc/cpuinfo": cpuinfo(cores: 16)])
    let findings = machine.cores(allowed: [[0], [1]])
    #expect(findings.map(\.level) == [.warning])
    #expect(findings[0].found == "the 2 ranks of this host may use 2 of 16 cores")
    #expect(findings[0].advice?.contains("--map-by slot:PE=8 --bind-to core") == true)
  }

  @Test(arguments: [
    ["/proc/self/cgroup": "0::/job/step\n", "/sys/fs/cgroup/job/cpu.max": "150000 100000\n"],
    [
      "/proc/self/cgroup": "4:cpu,cpuacct:/job\n", "/sys/fs/cgroup/cpu/job/cpu.cfs_quota_us": "150000\n",
      "/sys/fs/cgroup/cpu/job/cpu.cfs_period_us": "100000\n",
    ],
  ]) func aContainerThatGivesLessTime(groups: [String: String]) throws {
    let machine = try system(groups.merging(["/proc/cpuinfo": cpuinfo()]) { one, _ in one })
    let findings = machine.cores(allowed: [[0, 1, 2, 3]])
    #expect(findings.map(\.level) == [.ok, .warning])
    #expect(
      findings[1].found
        == "the control group of this process gets the time of 1.5 cores, and its threads would run on 4")
    #expect(findings[1].advice?.hasPrefix("set parallel.threads to 1, or give") == true)
  }

  @Test(arguments: ["max 100000", "400000 100000"]) func aContainerThatGivesEnough(limit: String) throws {
    let machine = try system([
      "/proc/cpuinfo": cpuinfo(), "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": limit,
    ])
    #expect(machine.cores(allowed: [[0, 1, 2, 3]]).map(\.level) == [.ok])
  }

  // MARK: Memory

  @Test(arguments: [
    ("[always] madvise never", Finding.Level.ok), ("always [madvise] never", .ok), ("always madvise [never]", .warning),
  ]) func hugePages(line: String, level: Finding.Level) throws {
    let finding = try system(["/sys/kernel/mm/transparent_hugepage/enabled": line + "\n"]).hugePages
    #expect(finding.level == level)
    #expect(
      finding.advice == (level == .ok ? nil : "as root: echo madvise > /sys/kernel/mm/transparent_hugepage/enabled"))
  }

  @Test func sharedMemory() throws {
    let files = try system([:])
    let docker = FileSystemSpace(totalBytes: 64 << 20, availableBytes: 64 << 20)
    #expect(files.sharedMemory(docker, ranks: 8).level == .ok)
    let small = files.sharedMemory(docker, ranks: 9)
    #expect(small.level == .failure)
    #expect(small.found == "67.1 MB of 67.1 MB free, and 9 ranks of this host may need 75.5 MB")
    #expect(files.sharedMemory(nil, ranks: 2).level == .failure)
  }

  // MARK: Network

  private func network(_ states: [String: String]) throws -> SystemFiles {
    try system(
      Dictionary(
        uniqueKeysWithValues: states.map { ("/sys/class/net/\($0.key)/operstate", $0.value) }))
  }

  @Test func interfacesThatLeadToOtherHosts() throws {
    let machine = try network(["lo": "unknown", "eth0": "up", "eth1": "down"])
    #expect(machine.interfaces(environment: [:]) == .ok("network", "eth0"))
  }

  @Test(arguments: ["docker0", "virbr0", "br-0123456789ab", "cni0"]) func aBridgeOfThisMachineAlone(name: String) throws
  {
    let machine = try network(["lo": "unknown", name: "down", "ens3": "up"])
    let finding = machine.interfaces(environment: [:])
    #expect(finding.level == .warning)
    #expect(finding.found.hasPrefix("\(name) is of this machine alone"))
    #expect(
      finding.advice?.contains("launch/cluster --interface ens3, or export OMPI_MCA_btl_tcp_if_include=ens3") == true)
    #expect(machine.interfaces(environment: ["OMPI_MCA_btl_tcp_if_include": "ens3"]).level == .ok)
    #expect(machine.interfaces(environment: ["OMPI_MCA_btl_tcp_if_exclude": name]).level == .ok)
  }

  /// Each bridge is to be left out; of a network only its addresses would tell.
  @Test(arguments: [
    ("lo", "docker0,virbr0", "docker0, virbr0 are"), ("127.0.0.1/8,docker0", "virbr0", "virbr0 is"),
    ("lo,docker0,virbr0", "", ""), ("lo,172.17.0.0/16", "", ""),
  ]) func bridgesThatAreNotLeftOut(excluded: String, missing: String, words: String) throws {
    let machine = try network(["lo": "unknown", "docker0": "up", "ens3": "up", "virbr0": "up"])
    let finding = machine.interfaces(environment: ["OMPI_MCA_btl_tcp_if_exclude": excluded])
    guard !missing.isEmpty else {
      #expect(finding.level == .ok)
      return
    }
    #expect(finding.level == .warning)
    #expect(finding.found.hasPrefix("\(words) of this machine alone and not in btl_tcp_if_exclude (\(excluded)), and"))
    let all = "\(excluded),\(missing)"
    #expect(finding.advice == "export OMPI_MCA_btl_tcp_if_exclude=\(all) OMPI_MCA_oob_tcp_if_exclude=\(all)")
  }

  // MARK: Clock

  @Test func clocks() throws {
    let path = "/sys/devices/system/clocksource/clocksource0/current_clocksource"
    let good = try system([path: "tsc\n"])
    #expect(good.clock(now: 1_795_867_200, built: 1_795_000_000) == .ok("clock", "2026-11-28, from tsc"))
    let behind = good.clock(now: 0, built: 1_795_867_200)
    #expect(behind.level == .failure)
    #expect(behind.found == "it stands at 1970-01-01, before this program was written (2026-11-28)")
    #expect(try system([path: "hpet\n"]).clock(now: 2, built: 1).level == .warning)
    #expect(try system([:]).clock(now: 2, built: 1).level == .ok)
  }

  // MARK: Launch

  @Test func lonelyRanksOfSrun() {
    #expect(LaunchChecks.launch(environment: ["SLURM_STEP_NUM_TASKS": "4"])?.level == .failure)
    #expect(LaunchChecks.launch(environment: ["SLURM_STEP_NUM_TASKS": "4", "PMIX_RANK": "0"]) == nil)
    #expect(LaunchChecks.launch(environment: [:]) == nil)
  }

  /// What mpirun tells a rank of its job would stop the trial's mpirun; what the user has set is to be tried.
  @Test func aTrialBelowMpirunIsAJobOfItsOwn() {
    let set = ["PATH": "/bin", "OMPI_MCA_btl": "self,vader", "OMPI_MCA_orte_tmpdir_base": "/scratch"]
    let told = [
      "OMPI_COMM_WORLD_SIZE": "1", "OMPI_UNIVERSE_SIZE": "2", "OMPI_MCA_orte_hnp_uri": "1.0;tcp://127.0.0.1:1",
      "OMPI_MCA_ess_base_vpid": "0", "OMPI_MCA_pmix": "^s1", "PMIX_RANK": "0", "PRTE_LAUNCHED": "1",
      "OMPI_MCA_rmaps_base_mapping_policy": "ppr:1:node", "OMPI_MCA_hwloc_base_binding_policy": "core",
    ]
    let root = ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"]
    let expected = set.merging(root) { _, root in root }
    #expect(ExchangeTrial.environment(below: set.merging(told) { _, told in told }) == expected)
    #expect(ExchangeTrial.environment(below: set) == expected)
  }

  @Test func mpirunsRulesAreNoReason() {
    let words = "\n*********\n\nmpirun does not support recursive calls\n\n*********\n---------\nPrimary job\n"
    #expect(ExchangeTrial.reason(in: words) == "mpirun does not support recursive calls")
    #expect(ExchangeTrial.reason(in: "---------\n\n") == nil)
  }

  @Test func containersThatForbidReadingMemory() {
    #expect(LaunchChecks.processMemory(mayRead: true).level == .ok)
    #expect(LaunchChecks.processMemory(mayRead: false).advice?.contains("--cap-add=SYS_PTRACE") == true)
  }

  @Test func rootIsToldWhatMpirunWants() {
    #expect(LaunchChecks.root(isRoot: false, environment: [:]) == nil)
    let both = ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"]
    #expect(LaunchChecks.root(isRoot: true, environment: both) == nil)
    #expect(
      LaunchChecks.root(isRoot: true, environment: ["OMPI_ALLOW_RUN_AS_ROOT": "1"])?.advice
        == "export OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 before you call it (the launchers do)")
  }
}

/// `/proc/cpuinfo` of some cores.
private func cpuinfo(cores: Int = 4, flags: String = "fpu sse4_2 avx avx2 fma bmi2") -> String {
  (0..<cores).map { "processor\t: \($0)\nmodel name\t: Test  CPU 9000\nflags\t\t: \(flags)\n" }.joined(separator: "\n")
}
