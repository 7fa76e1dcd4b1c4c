import Collectives
import Compute
import Files
import Foundation

/// Ends the start of a job that does not get through: a rank that never comes is waited for inside `MPI_Init`, for ever and
/// without a word.
///
/// Before MPI has connected them, ranks of one host know of one another by files in the directory that the launcher gives
/// each job there. So a rank can say which of its own host have not begun; of other hosts nothing can be known.
public final class StartWatch: Sendable {
  /// The environment variable that sets how many seconds all ranks have to come.
  public static let variable = "MAE_START_SECONDS"
  /// Large jobs take a minute or two to be connected.
  private static let usualSeconds = 300.0

  private let deadline: Deadline

  /// Says that this rank is here, and begins to watch.
  ///
  /// - Returns: nil for a process that was started by itself.
  /// - Throws: the variable is no number of seconds; the thread that watches cannot be started.
  public init?(environment: [String: String]) throws {
    guard let place = LaunchPlace(environment: environment) else { return nil }
    let seconds = try Self.seconds(environment)
    place.announce()
    deadline = try Deadline(seconds: seconds) {
      let sentence =
        "rank \(place.rank) on host \(place.hostName) has waited \(seconds) s for all \(place.size) ranks to start: "
        + "\(place.missing). Ending the job; \(Self.variable) allows more time."
      try? StandardStream.error.write("mae: \(sentence)\n")
      // The others' sentences say what this one cannot know.
      sleepThread(seconds: 2)
      _exit(1)
    }
  }

  private static func seconds(_ environment: [String: String]) throws(TrainingError) -> Double {
    guard let text = environment[variable], !text.isEmpty else { return usualSeconds }
    guard let seconds = Double(text), seconds > 0, seconds < 1e9 else { throw .unreadableStartSeconds(text) }
    return seconds
  }

  /// To be called when all ranks have answered one another: the watch is over.
  public func allHaveCome() {
    deadline.meet()
  }
}

/// Where a launcher has put this rank, as far as the environment tells.
struct LaunchPlace: Sendable {
  let rank: Int
  let size: Int
  let hostName: String
  /// This rank's number among those of the host, and how many they are.
  private let local: (rank: Int, size: Int)?
  /// A directory of this job on this host.
  private let directory: String?

  /// - Returns: nil for a process that no launcher has started as one of several.
  init?(environment: [String: String]) {
    func number(_ names: String...) -> Int? {
      names.lazy.compactMap { environment[$0] }.first.flatMap { Int($0) }
    }
    guard let rank = number("OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"),
      let size = number("OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"), size > 1
    else { return nil }
    (self.rank, self.size) = (rank, size)
    hostName = InProcessCommunicator().hostName
    if let localRank = number("OMPI_COMM_WORLD_LOCAL_RANK", "SLURM_LOCALID"),
      let localSize = number("OMPI_COMM_WORLD_LOCAL_SIZE")
    {
      local = (localRank, localSize)
    } else {
      local = nil
    }
    directory = environment["PMIX_SERVER_TMPDIR"]
  }

  /// Leaves a file that says that this rank has begun. Where that is not possible the others know less.
  func announce() {
    guard let local, let path = file(ofLocalRank: local.rank) else { return }
    try? replaceFile(path, with: [])
  }

  private func file(ofLocalRank rank: Int) -> String? {
    directory.map { "\($0)/mae-rank-\(rank)-has-begun" }
  }

  private static func exists(_ path: String) -> Bool { (try? fileKindFollowingLinks(path)) == .regular }

  /// Who has not come, for a sentence.
  var missing: String {
    guard let local, let own = file(ofLocalRank: local.rank), Self.exists(own) else {
      return "which one is missing cannot be known here"
    }
    let absent = (0..<local.size).filter { rank in
      !Self.exists(file(ofLocalRank: rank)!)
    }
    guard !absent.isEmpty else {
      return local.size == size
        ? "all have begun, and one of them hangs"
        : "the \(local.size) of this host have begun, so that one of another host is missing or cannot be reached"
    }
    let numbers = absent.map(String.init).joined(separator: ", ")
    let verb = absent.count == 1 ? "has" : "have"
    return local.size == size
      ? "rank \(numbers) \(verb) not begun"
      : "of the \(local.size) of this host, counted from 0, \(numbers) \(verb) not begun"
  }
}
