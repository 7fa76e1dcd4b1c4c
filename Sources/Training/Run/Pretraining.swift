import CSignals
import Checkpoints
import Collectives
import Compute
import Configuration
import Datasets
import Foundation
import Imaging
import MaskedAutoencoder
import Reporting

/// Where a run begins.
public enum ResumeChoice: Sendable, Equatable {
  /// At the newest valid checkpoint of the run directory, or anew where there is none.
  case auto
  /// Anew; a directory that holds a run is refused.
  case none
  /// At this checkpoint.
  case checkpoint(String)
}

/// What is asked of a run beside its configuration.
public struct PretrainingOptions: Sendable {
  public var runDirectory: RunDirectory
  public var resume = ResumeChoice.auto
  public var allowsRecipeChange = false
  /// Statistics of every layer after every step, and the search for the first value that is not finite.
  public var debug = false

  public init(runDirectory: RunDirectory) {
    self.runDirectory = runDirectory
  }
}

/// How a run ended that did not fail.
public enum PretrainingOutcome: Sendable, Equatable {
  case completed
  /// Asked to stop; a checkpoint is there to go on from.
  case stopped(step: Int)
}

/// A run: what comes before, between and after the steps. All ranks call the same methods.
public final class Pretraining {
  private let configuration: RunConfiguration
  private let options: PretrainingOptions
  private let communicator: any Communicator
  private let source: any ImageSource
  private let trainer: Trainer
  private let plan: BatchPlan
  private let recorder: RunRecorder?
  private var step = 0
  private var badSamplesInEpoch = 0

  /// Opens the data, takes the memory, and resumes. Nothing of an earlier run is changed.
  ///
  /// - Throws: on all ranks alike, whichever of them met the trouble.
  public init(
    _ configuration: RunConfiguration, options: PretrainingOptions, communicator: any Communicator
  ) throws {
    self.configuration = configuration
    self.options = options
    self.communicator = communicator
    try Pretraining.requireEqual(configuration, on: communicator)
    let layout = try Pretraining.layout(configuration, options, communicator)
    (source, plan) = try communicator.together {
      guard !configuration.data.path.isEmpty else { throw TrainingError.noDataPath }
      guard [1, 3, 4].contains(configuration.model.channels) else {
        throw TrainingError.unsupportedChannels(configuration.model.channels)
      }
      let source = try openSource(at: configuration.data.path)
      return (
        source,
        try BatchPlan(
          sampleCount: source.count, batchSize: configuration.train.batchSize, seed: configuration.train.seed)
      )
    }
    try Pretraining.requireEqual(source, path: configuration.data.path, on: communicator)
    let trainer = Trainer(
      configuration, layout: layout, plan: plan, communicator: communicator, debug: options.debug)
    self.trainer = trainer
    recorder = try communicator.together {
      guard communicator.rank == 0 else { return nil }
      return try RunRecorder(configuration, options, table: trainer.model.table)
    }
    if let checkpoint = try openCheckpoint() { try restore(checkpoint) }
  }

  /// Trains to the end of the schedule, or to a request to stop.
  public func run() throws -> PretrainingOutcome {
    stop_request_install()
    let lastStep = min(configuration.train.steps ?? .max, configuration.train.epochs * plan.stepsPerEpoch)
    let plans = announcement(
      configuration, source: source, trainer: trainer, stepsPerEpoch: plan.stepsPerEpoch, lastStep: lastStep,
      communicator: communicator)
    recorder?.logger.info("\(plans)")
    guard step < lastStep else {
      recorder?.logger.info("nothing left to do: step \(step) of \(lastStep) is done")
      return .completed
    }
    let loader = try makeLoader(lastStep: lastStep)
    defer { loader.stop() }

    let firstStep = step
    while step < lastStep {
      let start = ContinuousClock.now
      let batch = try step == firstStep ? begin(loader) : loader.next()
      let result = try trainStep(batch)
      step = result.step
      if options.debug { recorder?.logger.info("\(trainer.debugReport(step: step))") }
      try recorder?.record(
        result, epoch: epoch, lastStep: lastStep, totalEpochs: configuration.train.epochs,
        seconds: start.secondsSince, imagesPerStep: configuration.train.batchSize, stepsPerEpoch: plan.stepsPerEpoch)
      try account(for: batch, result)
      let stopsHere = result.stopRequested && step < lastStep
      if stopsHere || step == lastStep || configuration.checkpoint.isDue(after: step, stepsPerEpoch: plan.stepsPerEpoch)
      {
        try save()
      }
      if stopsHere {
        try finishSaving()
        recorder?.logger.info("stopped on request after step \(step); run again to go on")
        return .stopped(step: step)
      }
    }
    try finishSaving()
    return .completed
  }

  /// The first batch, then the run directory's files: data that no rank can use leaves no trace there. Trouble with the
  /// first batch is told by one rank for all; later the rank that meets it ends the others.
  private func begin(_ loader: BatchLoader) throws -> Batch {
    let batch = try communicator.together { try loader.next() }
    try communicator.together {
      try recorder?.begin(after: step, resume: options.resume, stepsPerEpoch: plan.stepsPerEpoch)
    }
    return batch
  }

  /// Epochs done, with the fraction of the running one.
  private var epoch: Double { Double(step) / Double(plan.stepsPerEpoch) }

  /// One step; where it is not finite, the state before it is saved first.
  private func trainStep(_ batch: borrowing Batch) throws -> StepResult {
    do {
      return try trainer.step(batch, stopRequested: stop_request_signal() != 0)
    } catch let error as NonFiniteStep {
      try save()
      try finishSaving()
      throw TrainingError.nonFinite(
        error, pictures: error.samples.map(source.name(of:)), origin: error.origin.map(sentence))
    }
  }

  private func sentence(_ origin: NonFiniteOrigin) -> String {
    let image = origin.image.map {
      " of image \($0.index) of the batch, sample \($0.sample) (\(source.name(of: $0.sample)))"
    }
    let parameter = origin.parameter.map { ", and the parameter \($0) was not finite before the step" }
    return "the first value that is not finite is in \(origin.tensor)\(image ?? "")\(parameter ?? "")"
  }

  /// Counts and names the pictures that did not decode; too many of them end the run with a checkpoint.
  private func account(for batch: borrowing Batch, _ result: StepResult) throws {
    if batch.step.isMultiple(of: plan.stepsPerEpoch) { badSamplesInEpoch = 0 }
    guard result.badSampleCount > 0 else { return }
    badSamplesInEpoch += result.badSampleCount
    let names = try communicator.allgather(batch.badSamples.map(\.description).joined(separator: "\n"))
    try recorder?.record(badSamples: names.filter { !$0.isEmpty }.joined(separator: "\n"), step: result.step)
    let limit = configuration.data.maxBadFraction
    let samples = plan.stepsPerEpoch * configuration.train.batchSize
    if Double(badSamplesInEpoch) > limit * Double(samples) {
      try save()
      try finishSaving()
      throw TrainingError.tooManyBadSamples(
        count: badSamplesInEpoch, epoch: batch.epoch, limit: limit, samples: samples)
    }
  }
}

// MARK: - Before the first step

extension Pretraining {
  /// Ranks that were told different things would wait for one another for ever, or train something nobody asked for.
  private static func requireEqual(_ configuration: RunConfiguration, on communicator: any Communicator) throws {
    let first = try communicator.broadcast(configuration.yaml(), from: 0)
    try communicator.together {
      let differences = try orderDifferences(from: RunConfiguration.decode(yaml: first), to: configuration)
      guard differences.isEmpty else {
        throw TrainingError.ranksDiffer(rank: communicator.rank, differences: differences.map(\.description))
      }
    }
  }

  /// A copy of the data that lacks a picture puts every later one in another place of the epoch's order.
  private static func requireEqual(_ source: any ImageSource, path: String, on communicator: any Communicator) throws {
    let counts = try communicator.allgather([Double(source.count)])
    if let other = counts.indices.first(where: { counts[$0] != counts[0] }) {
      let found = try communicator.allgather("\(source.count) pictures in \(path)")
      throw TrainingError.dataDiffers(rank: other, found: found[other], first: found[0])
    }
  }

  private static func layout(
    _ configuration: RunConfiguration, _ options: PretrainingOptions, _ communicator: any Communicator
  ) throws -> WorkerLayout {
    let virtualWorkers = configuration.virtualWorkers
    guard communicator.size <= virtualWorkers else {
      throw TrainingError.moreRanksThanVirtualWorkers(ranks: communicator.size, virtualWorkers: virtualWorkers)
    }
    guard !options.debug || communicator.size == 1 else {
      throw TrainingError.debugNeedsOneProcess(ranks: communicator.size)
    }
    return WorkerLayout(
      virtualWorkers: virtualWorkers, imagesPerVirtualWorker: configuration.imagesPerVirtualWorker,
      rank: communicator.rank, ranks: communicator.size,
      threads: configuration.parallel.threads
        ?? max(1, availableCores() / communicator.ranksOnThisHost.count))
  }

  private func makeLoader(lastStep: Int) throws -> BatchLoader {
    let model = configuration.model
    return try communicator.together {
      let images = try AugmentedImages(
        source: source,
        shape: ImageShape(
          channels: model.channels, height: model.imageSize.height, width: model.imageSize.width),
        augmentation: configuration.data.augmentation, seed: configuration.train.seed)
      return try BatchLoader(
        images: images, batchSize: configuration.train.batchSize, part: trainer.layout.images,
        steps: step..<lastStep, workers: configuration.data.workers)
    }
  }

  /// The checkpoint to go on from: rank 0 chooses, all open it.
  private func openCheckpoint() throws -> Checkpoint? {
    let chosen = try communicator.together { () -> Checkpoint? in
      guard communicator.rank == 0 else { return nil }
      switch options.resume {
      case .none: return nil
      case .checkpoint(let path): return try Checkpoint.open(path)
      case .auto: return try Checkpoint.newest(of: CheckpointStore(directory: options.runDirectory.checkpoints))
      }
    }
    for passedOver in chosen?.passedOver ?? [] {
      recorder?.logger.warning("passed over the checkpoint of \(passedOver)")
    }
    let path = try communicator.broadcast(chosen?.path ?? "", from: 0)
    return try communicator.together {
      if let chosen { return chosen }
      return path.isEmpty ? nil : try Checkpoint.open(path)
    }
  }

  private func restore(_ checkpoint: Checkpoint) throws {
    try communicator.together {
      let old = try RunConfiguration.decode(
        yaml: checkpoint.state.configuration, name: "\(checkpoint.path)/state.json")
      let changes =
        recipeChanges(from: old, to: configuration)
        + epochChanges(since: checkpoint.state, stepsPerEpoch: plan.stepsPerEpoch)
      guard changes.isEmpty || options.allowsRecipeChange else {
        throw TrainingError.recipeChanged(path: checkpoint.path, differences: changes)
      }
      try checkpoint.read(
        CheckpointLayout(trainer.model.table), parameters: trainer.parameters.all,
        moments: [trainer.firstMoment.all, trainer.secondMoment.all])
    }
    step = checkpoint.step
    badSamplesInEpoch = checkpoint.state.badSamples
    recorder?.logger.info("resumed after step \(step) from \(checkpoint.path)")
  }
}

// MARK: - Checkpoints

extension Pretraining {
  private func save() throws {
    guard let recorder else { return }
    var state = CheckpointState(step: step)
    state.epoch = epoch
    state.imagesSeen = step * configuration.train.batchSize
    state.virtualWorkers = configuration.virtualWorkers
    state.worldSize = communicator.size
    state.threads = trainer.layout.threads
    state.programVersion = programVersion
    state.blasKernel = blasKernel
    state.configuration = configuration.yaml()
    state.badSamples = badSamplesInEpoch
    try recorder.save(
      state, parameters: trainer.parameters.all, moments: [trainer.firstMoment.all, trainer.secondMoment.all])
  }

  /// Waits until the last checkpoint is on disk; all ranks learn whether it is.
  private func finishSaving() throws {
    try communicator.together { try recorder?.finish() }
  }
}
