import Checkpoints
import Collectives
import Datasets
import Reporting
import Training

/// What the run of a configuration would meet.
struct RunFindings {
  /// On this rank's host.
  private(set) var ofHost: [Finding] = []
  /// What is to be the same on all hosts.
  private(set) var facts: [HostReport.Fact] = []
  /// On all hosts together.
  private(set) var ofAll: [Finding] = []

  /// Where there is no run to look at.
  init() {}

  /// All ranks call it.
  ///
  /// - Parameter directory: where the run would write; nil where that is not to be looked at.
  init<Task: TrainingTask>(
    _ task: Task.Type, _ configuration: Task.Configuration, in directory: String?, on communicator: any Communicator
  ) throws {
    let source = openData(task, configuration)
    if let placement = try requireMemory(task, configuration, communicator), let source {
      openEvaluation(task, configuration, beside: source, placement)
    }
    if let directory { ofAll += try Self.lookAtSpace(task, configuration, directory, communicator) }
  }

  // MARK: What each host finds by itself

  /// Whether the images that are trained on are there and can be decoded; nil where they cannot be opened.
  private mutating func openData<Task: TrainingTask>(
    _ task: Task.Type, _ configuration: Task.Configuration
  ) -> (any ImageSource)? {
    do {
      let (source, _) = try Run<Task>.openData(configuration)
      ofHost.append(DataChecks.decoding(source, path: configuration.data.path.description))
      facts.append(HostReport.Fact(.data, Self.fact(source)))
      return source
    } catch {
      ofHost.append(.failure("data", "\(error)"))
      return nil
    }
  }

  /// The same for the images that the model is tried on, or shows itself with, after epochs. It takes their memory.
  private mutating func openEvaluation<Task: TrainingTask>(
    _ task: Task.Type, _ configuration: Task.Configuration, beside source: any ImageSource,
    _ placement: VirtualWorkerPlacement
  ) {
    do {
      let evaluation = try Task(configuration, from: nil).evaluation(beside: source, placement: placement)
      // The same images may be for several purposes.
      var opened: [EvaluationData] = []
      for data in evaluation?.data ?? [] where !opened.contains(where: { $0.path == data.path }) { opened.append(data) }
      guard !opened.isEmpty else { return }
      ofHost += opened.map { DataChecks.decoding($0.source, path: $0.path.description) }
      facts.append(HostReport.Fact(.evaluation, opened.map { Self.fact($0.source) }.joined(separator: " and ")))
    } catch {
      ofHost.append(.failure("data", "\(error)"))
    }
  }

  private static func fact(_ source: any ImageSource) -> String {
    "\(source.count) images of \(source.kind), \(source.identity().hash.prefix(12))"
  }

  // MARK: What all ranks find together

  /// Whether the run finds the memory that it takes. Ranks that cannot run it at all say so together.
  ///
  /// - Returns: nil where it does not.
  private mutating func requireMemory<Task: TrainingTask>(
    _ task: Task.Type, _ configuration: Task.Configuration, _ communicator: any Communicator
  ) throws -> VirtualWorkerPlacement? {
    do {
      // Hosts whose files differ must find out together: what follows is done by all ranks or none.
      try communicator.together {
        guard communicator.size <= configuration.run.virtualWorkers else {
          throw TrainingError.moreRanksThanVirtualWorkers(
            ranks: communicator.size, virtualWorkers: configuration.run.virtualWorkers)
        }
      }
      let placement = try VirtualWorkerPlacement(configuration.run, on: communicator)
      let bytes = try communicator.requireMemory(task, configuration, placement: placement)
      ofAll.append(.ok("run", "takes \(ProgressFormat.bytes(Int(bytes))) of memory a rank"))
      let share = try shareOfCores(communicator)
      if configuration.parallel.threads == nil, placement.threads < share {
        ofAll.append(Self.idleThreads(placement, share: share))
      }
      return placement
    } catch  where isSharedByAllRanks(error) {
      ofAll.append(.failure("run", "\(error)"))
      return nil
    }
  }

  private static func idleThreads(_ placement: VirtualWorkerPlacement, share: Int) -> Finding {
    .warning(
      "run",
      "each rank has \(share) cores and \(ProgressFormat.count(placement.threads, "virtual worker")), so that \(share - placement.threads) idle",
      do: "raise parallel.virtual_workers, which changes the recipe, before the run begins")
  }

  /// Whether checkpoints find room, as the first rank sees it. Data that cannot be opened has been said.
  private static func lookAtSpace<Task: TrainingTask>(
    _ task: Task.Type, _ configuration: Task.Configuration, _ directory: String, _ communicator: any Communicator
  ) throws -> [Finding] {
    do {
      return try communicator.together {
        guard communicator.rank == 0 else { return [] }
        let space = try Run<Task>.space(configuration, in: RunDirectory(path: directory))
        let keepLast = configuration.checkpoint.keepLast
        let size = CheckpointFileSize(CheckpointLayout(try Task(configuration, from: nil)))
        return [
          DirectoryChecks.space(space, path: directory, keepLast: keepLast), DirectoryChecks.fileSize(size),
        ].compactMap(\.self)
      }
    } catch  where isSharedByAllRanks(error) {
      return [
        .warning("disk space", "it is not known what this run's checkpoints take", do: "mend what is said above first")
      ]
    }
  }
}
