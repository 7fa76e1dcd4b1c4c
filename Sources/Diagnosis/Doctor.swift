import Benchmarks
import Collectives
import Compute
import Files
import Foundation
import Hashing
import Pretraining
import Reporting
import Training

/// Looks at the hosts of all ranks before anything is trained on them. All ranks call the same methods.
public struct Doctor {
  /// Where a run would write.
  public var runDirectory: String?
  /// Version and commit.
  public var program: String

  let communicator: any Communicator
  let environment: [String: String]
  let files: SystemFiles

  public init(
    _ communicator: any Communicator, program: String,
    environment: [String: String] = ProcessInfo.processInfo.environment, files: SystemFiles = SystemFiles()
  ) {
    self.communicator = communicator
    self.program = program
    self.environment = environment
    self.files = files
  }

  /// How long two ranks that are started on this host may take to answer.
  private static let trialSeconds = 30.0

  /// What is wrong before ranks can talk to one another; nil where nothing is.
  public static func launchTrouble(environment: [String: String] = ProcessInfo.processInfo.environment) -> Diagnosis? {
    LaunchChecks.launch(environment: environment).map { Diagnosis([], [$0]) }
  }

  /// What to do where ranks of several hosts do not find each other.
  public static func networkAdvice(
    environment: [String: String] = ProcessInfo.processInfo.environment, files: SystemFiles = SystemFiles()
  ) -> String {
    let finding = files.interfaces(environment: environment)
    return finding.advice.map { "\(finding.found); \($0)." }
      ?? "This host has \(finding.found): see that hosts may connect to each other on any port (firewalls), and name the "
      + "interface that leads to them with OMPI_MCA_btl_tcp_if_include and OMPI_MCA_oob_tcp_if_include."
  }

  /// Looks at the hosts alone.
  public func examine() throws -> Diagnosis { try examine { RunFindings() } }

  /// Looks at the hosts, and at what a run would meet there.
  ///
  /// - Parameter configuration: what the run would be told.
  public func examine<Task: TrainingTask>(_ task: Task.Type, _ configuration: Task.Configuration) throws -> Diagnosis {
    try examine { try RunFindings(task, configuration, in: runDirectory, on: communicator) }
  }

  private func examine(_ lookAtRun: () throws -> RunFindings) throws -> Diagnosis {
    let cores = try communicator.allgather(availableCores().map(Double.init))
    let rates = try measureRates()
    let exchange = try exchangeFinding()
    let run = try lookAtRun()
    let shared = try sharedDirectory()
    let clock = Date.now.timeIntervalSince1970

    let here = communicator.ranksOnThisHost
    var report = HostReport(host: communicator.hostName, findings: [], clock: clock)
    report.findings = machineFindings(
      cores: here.map { Set(cores[$0].map { Int($0) }) }, ranks: here.count)
    report.findings += rates.map(\.finding) + run.ofHost + directoryFindings()
    report.gflops = rates.first { $0.precision == .fp32 }?.together
    report.facts = facts(cores: Set(here.flatMap { cores[$0] }).count) + run.facts

    let texts = try communicator.allgather(String(decoding: JSONEncoder().encode(report), as: UTF8.self))
    let firsts = communicator.hostNames.indices.filter {
      communicator.hostNames.firstIndex(of: communicator.hostNames[$0]) == $0
    }
    let reports = try firsts.map { try JSONDecoder().decode(HostReport.self, from: Data(texts[$0].utf8)) }
    return Diagnosis(reports, [exchange] + run.ofAll + shared + HostComparison.findings(reports))
  }

  // MARK: What each host finds by itself

  private func machineFindings(cores: [Set<Int>], ranks: Int) -> [Finding] {
    let shm = try? FileSystemSpace(of: "/dev/shm")
    let built =
      (try? FileManager.default.attributesOfItem(atPath: programPath)[.modificationDate] as? Date) ?? .distantPast
    var findings = [.ok("program", program), files.processor()]
    findings += files.cores(allowed: cores)
    findings.append(
      .ok(
        "memory",
        MachineMemory.current().map { ProgressFormat.bytes($0.hostBytes) } ?? "the system does not say how much"))
    findings += [files.hugePages, files.sharedMemory(shm, ranks: max(2, ranks))]
    findings.append(LaunchChecks.processMemory(mayRead: mayReadMemoryOfOtherProcesses()))
    findings.append(files.interfaces(environment: environment))
    findings.append(files.clock(now: Date.now.timeIntervalSince1970, built: built.timeIntervalSince1970))
    if communicator.size == 1, let root = LaunchChecks.root(isRoot: geteuid() == 0, environment: environment) {
      findings.append(root)
    }
    return findings
  }

  private var programPath: String { URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path }

  private func facts(cores: Int) -> [HostReport.Fact] {
    let content = (try? readFile("/proc/self/exe")) ?? []
    let hash = content.withUnsafeBytes { ContentHash(of: $0).hexadecimal }
    return [
      .init(.program, "\(program) of \(hash.prefix(12))"), .init(.processor, files.processorName),
      .init(.cores, "\(cores)"), .init(.mpi, mpiLibraryVersion()), .init(.glibc, cLibraryVersion()),
    ]
  }

  private func directoryFindings() -> [Finding] {
    runDirectory.map { [DirectoryChecks.directory($0, host: communicator.hostName)] } ?? []
  }

  // MARK: What all ranks find together

  /// Of products in fp32, and in bf16 where this host's CPU has instructions for them.
  private func measureRates() throws -> [ProductRate] {
    let kernel = try communicator.together { try BLAS.open(BLAS.ownIsFast ? .named(.own) : .library).kernel }
    // Without the library there is nothing to measure; a run in bf16 says what to install.
    let mixed = files.multipliesBFloat16 ? try? BFloat16.openProducts() : nil
    return try [measureRate(.fp32, kernel), measureRate(.bf16, mixed)].compactMap(\.self)
  }

  /// - Parameter kernel: what makes the products; nil where this host has nothing for them and measures nothing.
  private func measureRate(_ precision: Precision, _ kernel: String?) throws -> ProductRate? {
    let here = communicator.ranksOnThisHost
    let threads = try shareOfCores(communicator)
    // The products of ViT-B's blocks, whatever is to be trained: the same on all hosts, and more work than a busy core
    // gives at a time.
    var model = PretrainingConfiguration().model
    (model.encoder.depth, model.decoder.depth) = (1, 1)
    func rate(_ threads: Int) throws -> Double {
      try GEMMBenchmark(model: model, images: 4, threads: threads, precision: precision).gflops
    }
    // One rank of each host while the others wait, then all of them.
    let alone = try communicator.together { try kernel != nil && here[0] == communicator.rank ? rate(1) : 0 }
    let mine = try communicator.together { try kernel != nil ? rate(threads) : 0 }
    let all = try communicator.allgather([alone, mine, Double(threads)])
    return kernel.map {
      ProductRate(
        precision: precision, kernel: $0, alone: all[here[0]][0], together: here.reduce(0) { $0 + all[$1][1] },
        threads: here.reduce(0) { $0 + Int(all[$1][2]) })
    }
  }

  private func exchangeFinding() throws -> Finding {
    guard communicator.size > 1 else {
      return LaunchChecks.exchange(
        ExchangeTrial.run(program: programPath, environment: environment, seconds: Self.trialSeconds))
    }
    let hosts = ProgressFormat.count(Set(communicator.hostNames).count, "host")
    return .ok("mpi", "\(communicator.size) ranks on \(hosts): \(try Exchange(communicator))")
  }

  /// Whether all hosts see the run directory that the first rank's host has.
  private func sharedDirectory() throws -> [Finding] {
    guard let runDirectory, Set(communicator.hostNames).count > 1 else { return [] }
    let name = try communicator.broadcast(".mae-doctor-shared-\(getpid())-\(UInt32.random(in: 0 ... .max))", from: 0)
    let marker = "\(nearestExisting(runDirectory))/\(name)"
    if communicator.rank == 0 { try? replaceFile(marker, with: []) }
    try communicator.barrier()
    let sees = (try? fileKindFollowingLinks(marker)) == .regular
    let all = try communicator.allgather([sees ? 1.0 : 0.0])
    if communicator.rank == 0 { try? PosixFileSystem().removeTree(marker) }
    // Where the first rank itself cannot write, that is what is said.
    guard all[0] == [1] else { return [] }
    let hosts = communicator.hostNames.indices.map { (host: communicator.hostNames[$0], sees: all[$0] == [1]) }
    return DirectoryChecks.shared(runDirectory, seeing: hosts).map { [$0] } ?? []
  }
}

/// "glibc 2.36".
private func cLibraryVersion() -> String {
  var text = [CChar](repeating: 0, count: 64)
  guard confstr(Int32(_CS_GNU_LIBC_VERSION), &text, text.count) > 0 else {
    return "a C library without a version"
  }
  return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
