import Benchmarks
import Checkpoints
import Collectives
import Compute
import Datasets
import Files
import Foundation
import Hashing
import Pretraining
import Reporting
import Training

/// Looks at the hosts of all ranks before anything is trained on them. All ranks call the same methods.
public struct Doctor {
  /// What a run would be told; without it only the machines are looked at.
  public var configuration: PretrainingConfiguration?
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

  public func examine() throws -> Diagnosis {
    let cores = try communicator.allgather(availableCores().map(Double.init))
    let rates = try measureRates()
    let exchange = try exchangeFinding()
    let (data, dataFact) = lookAtData()
    let run = try lookAtRun()
    let shared = try sharedDirectory()
    let clock = Date.now.timeIntervalSince1970

    let here = communicator.ranksOnThisHost
    var report = HostReport(host: communicator.hostName, findings: [], clock: clock)
    report.findings = machineFindings(
      cores: here.map { Set(cores[$0].map { Int($0) }) }, ranks: here.count)
    report.findings.append(
      files.rate(
        alone: rates[communicator.rank][0], together: here.reduce(0) { $0 + rates[$1][1] },
        threads: here.reduce(0) { $0 + Int(rates[$1][2]) }))
    report.findings += data + directoryFindings()
    report.gflops = here.reduce(0) { $0 + rates[$1][1] }
    report.facts = facts(cores: Set(here.flatMap { cores[$0] }).count) + dataFact

    let texts = try communicator.allgather(String(decoding: JSONEncoder().encode(report), as: UTF8.self))
    let firsts = communicator.hostNames.indices.filter {
      communicator.hostNames.firstIndex(of: communicator.hostNames[$0]) == $0
    }
    let reports = try firsts.map { try JSONDecoder().decode(HostReport.self, from: Data(texts[$0].utf8)) }
    return Diagnosis(reports, [exchange] + run + shared + HostComparison.findings(reports))
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

  /// For each rank: of one thread alone, of its threads while all ranks compute, and how many those are.
  private func measureRates() throws -> [[Double]] {
    let threads = try shareOfCores(communicator)
    let mine: [Double] = try communicator.together {
      _ = try BLAS.open(BLAS.ownIsFast ? .named(.own) : .library)
      // The products of ViT-B's blocks, whatever is to be trained: the same on all hosts, and more work than a busy core
      // gives at a time.
      var model = PretrainingConfiguration().model
      (model.encoder.depth, model.decoder.depth) = (1, 1)
      let alone = try GEMMBenchmark(model: model, images: 4, threads: 1).gflops
      return [
        alone, try GEMMBenchmark(model: model, images: 4, threads: threads).gflops, Double(threads),
      ]
    }
    return try communicator.allgather(mine)
  }

  private func exchangeFinding() throws -> Finding {
    guard communicator.size > 1 else {
      return LaunchChecks.exchange(
        ExchangeTrial.run(program: programPath, environment: environment, seconds: Self.trialSeconds))
    }
    let hosts = ProgressFormat.count(Set(communicator.hostNames).count, "host")
    return .ok("mpi", "\(communicator.size) ranks on \(hosts): \(try Exchange(communicator))")
  }

  /// Whether the images are there and can be decoded, on this host.
  private func lookAtData() -> ([Finding], [HostReport.Fact]) {
    guard let configuration else { return ([], []) }
    do {
      let (source, _) = try Run<MaskedAutoencoding>.openData(configuration)
      let identity = source.identity()
      let fact = HostReport.Fact(.data, "\(source.count) images of \(source.kind), \(identity.hash.prefix(12))")
      return ([DataChecks.decoding(source, path: configuration.data.path.description)], [fact])
    } catch {
      return ([.failure("data", "\(error)")], [])
    }
  }

  /// Whether a run finds the memory and the disk space that it takes. Ranks that cannot run it at all say so together.
  private func lookAtRun() throws -> [Finding] {
    guard let configuration else { return [] }
    var findings: [Finding] = []
    do {
      let placement = try VirtualWorkerPlacement(configuration.run, on: communicator)
      let bytes = try communicator.requireMemory(MaskedAutoencoding.self, configuration, placement: placement)
      findings.append(.ok("run", "takes \(ProgressFormat.bytes(Int(bytes))) of memory a rank"))
      findings += idleThreads(placement, share: try shareOfCores(communicator))
    } catch  where isSharedByAllRanks(error) {
      findings.append(.failure("run", "\(error)"))
    }
    if let runDirectory { findings += try lookAtSpace(configuration, runDirectory) }
    return findings
  }

  /// Whether checkpoints find room, as the first rank sees it. Data that cannot be opened has been said.
  private func lookAtSpace(_ configuration: PretrainingConfiguration, _ runDirectory: String) throws -> [Finding] {
    do {
      return try communicator.together {
        guard communicator.rank == 0 else { return [] }
        let space = try Run<MaskedAutoencoding>.space(configuration, in: RunDirectory(path: runDirectory))
        let layout = CheckpointLayout(try MaskedAutoencoding(configuration).model)
        let keepLast = configuration.checkpoint.keepLast
        return [DirectoryChecks.space(space, path: runDirectory, keepLast: keepLast)] + fileSizeFindings(layout)
      }
    } catch  where isSharedByAllRanks(error) {
      return [
        .warning("disk space", "it is not known what this run's checkpoints take", do: "mend what is said above first")
      ]
    }
  }

  private func idleThreads(_ placement: VirtualWorkerPlacement, share: Int) -> [Finding] {
    guard configuration?.parallel.threads == nil, placement.threads < share else { return [] }
    return [
      .warning(
        "run",
        "each rank has \(share) cores and \(ProgressFormat.count(placement.threads, "virtual worker")), so that \(share - placement.threads) idle",
        do: "raise parallel.virtual_workers, which changes the recipe, before the run begins")
    ]
  }

  private func fileSizeFindings(_ layout: CheckpointLayout) -> [Finding] {
    var limit = rlimit()
    let isLimited =
      getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 && limit.rlim_cur < UInt(Int.max)
    return DirectoryChecks.fileSize(limit: isLimited ? Int(limit.rlim_cur) : nil, largest: layout.largestFileByteCount)
      .map { [$0] } ?? []
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
