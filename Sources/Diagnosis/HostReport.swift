import Collectives
import Datasets
import Files

/// What one host is and what was found on it: what hosts tell each other.
public struct HostReport: Codable, Sendable {
  public let host: String
  public var findings: [Finding]
  /// What is to be the same on all hosts.
  public var facts: [Fact]
  /// 10⁹ operations a second of all threads of the host together; nil where it was not measured.
  public var gflops: Double?
  /// Seconds since 1970, when all hosts were asked at the same moment.
  public var clock: Double

  public init(host: String, findings: [Finding], facts: [Fact] = [], gflops: Double? = nil, clock: Double = 0) {
    self.host = host
    self.findings = findings
    self.facts = facts
    self.gflops = gflops
    self.clock = clock
  }

  /// Something that is to be the same on all hosts.
  public struct Fact: Codable, Equatable, Sendable {
    public let kind: Kind
    /// For people.
    public let value: String

    public init(_ kind: Kind, _ value: String) {
      self.kind = kind
      self.value = value
    }

    public enum Kind: String, Codable, Sendable, CaseIterable {
      case program, data, evaluation, processor, cores, mpi, glibc
    }
  }
}

extension HostReport.Fact.Kind {
  /// What it is called in a sentence.
  var name: String {
    switch self {
    case .program: "program"
    case .data: "data set"
    case .evaluation: "data set to be judged by"
    case .processor: "CPU"
    case .cores: "number of cores"
    case .mpi: "MPI library"
    case .glibc: "C library"
    }
  }

  /// Of the host that is unlike the others.
  func finding(_ found: String) -> Finding {
    switch self {
    case .program:
      .failure("hosts", found, do: "install the same program on all hosts: two builds may differ in every bit")
    case .data, .evaluation: .failure("hosts", found, do: "give all hosts the same data")
    case .mpi: .failure("hosts", found, do: "install the same Open MPI on all hosts")
    case .processor:
      .warning(
        "hosts", found, do: "build the program for the least of them (MAE_CPU); each step waits for the slowest host")
    case .cores: .warning("hosts", found, do: "leave it out, or expect each step to wait for it")
    case .glibc:
      .warning(
        "hosts", found,
        do:
          "nothing for the bits, which no C library enters; a program that is built on the newer one may not start on the older"
      )
    }
  }
}
