import Checkpoints
import Collectives
import Compute
import Datasets

/// What is watched while the steps go on: values that are not finite, replicas that differ, images that are broken.
extension Run {
  /// Deals with a step whose loss or gradient is not finite. No rank has updated anything, and all know.
  ///
  /// - Returns: why to go back to a checkpoint; nil to go on, the step left out.
  func judge(_ nonFinite: NonFiniteStep) throws -> String? {
    let error = TrainingError.nonFinite(
      nonFinite, images: nonFinite.samples.map(source.name(of:)), origin: nonFinite.origin.map(sentence))
    recorder?.record(nonFinite)
    switch configuration.train.nonFinite {
    case .skip:
      recorder?.logger.warning("\(error.finding); left the step out")
      return nil
    case .rollback where rolledBackForNonFinite != nonFinite.step:
      rolledBackForNonFinite = nonFinite.step
      return error.finding
    case .rollback, .stop:
      // A rank whose memory is at fault may be why.
      if let difference = try compareParameters() { return difference }
      try save()
      try finishSaving()
      throw error
    }
  }

  private func sentence(_ origin: NonFiniteOrigin) -> String {
    let image = origin.image.map {
      " of image \($0.index) of the batch, sample \($0.sample) (\(source.name(of: $0.sample)))"
    }
    let parameter = origin.parameter.map { ", and the parameter \($0) was not finite before the step" }
    return "the first value that is not finite is in \(origin.tensor)\(image ?? "")\(parameter ?? "")"
  }

  /// Compares a hash of the parameters over all ranks. It comes before every save: a checkpoint of replicas that differ would
  /// be a mixture of them, which nothing could find again.
  ///
  /// - Returns: which ranks differ from the others, as a reason to go back; nil where all agree.
  /// - Throws: they differ again where the run has just gone back for it: the fault is not a passing one.
  func compareParameters() throws -> String? {
    guard communicator.size > 1 else {
      comparedStep = step
      return nil
    }
    let start = ContinuousClock.now
    let hash = CheckpointLayout(replica.task).parameterHash(replica.parameters.all)
    let all = try communicator.allgather(hash)
    recorder?.record(comparisonSeconds: start.secondsSince)
    let groups = Dictionary(grouping: all.indices) { all[$0] }
    guard groups.count > 1 else {
      comparedStep = step
      return nil
    }
    let largest = groups.values.map(\.count).max()!
    let majorities = groups.values.filter { $0.count == largest }
    let odd = majorities.count == 1 ? all.indices.filter { !majorities[0].contains($0) } : Array(all.indices)
    let hosts = odd.map { "rank \($0) on \(communicator.hostNames[$0])" }.joined(separator: ", ")
    let reason =
      majorities.count == 1
      ? "after step \(step) the parameters of \(hosts) differ from the other ranks'"
      : "after step \(step) the parameters of \(hosts) differ from each other"
    recorder?.record(event: "parameters_differ", step: step, reason: reason)
    guard rolledBackForDifference != step else {
      throw TrainingError.parametersDiffer("\(reason), and did so again after going back to a checkpoint")
    }
    rolledBackForDifference = step
    return reason
  }

  /// Counts and names the images that did not decode; too many of them end the run with a checkpoint.
  ///
  /// - Returns: why to go back instead; mostly nil.
  func account(for batch: borrowing Batch, _ result: StepResult) throws -> String? {
    if batch.step.isMultiple(of: order.stepsPerEpoch) { badSamplesInEpoch = 0 }
    sayOfTurns(result)
    if result.images.goodTheSecondTime > 0 {
      let names = try communicator.allgather(batch.goodTheSecondTime.map(\.description).joined(separator: "\n"))
      for (rank, names) in names.enumerated() where !names.isEmpty {
        recorder?.record(goodTheSecondTime: names, metBy: place(ofRank: rank), step: result.step)
      }
    }
    guard result.images.bad > 0 else { return nil }
    badSamplesInEpoch += result.images.bad
    let names = try communicator.allgather(batch.badSamples.map(\.description).joined(separator: "\n"))
    for (rank, names) in names.enumerated() where !names.isEmpty {
      recorder?.record(badSamples: names, metBy: place(ofRank: rank), step: result.step)
    }
    let limit = configuration.data.maxBadFraction
    let samples = order.stepsPerEpoch * configuration.train.batchSize
    guard Double(badSamplesInEpoch) > limit * Double(samples) else { return nil }
    if let difference = try compareParameters() { return difference }
    try save()
    try finishSaving()
    throw TrainingError.tooManyBadSamples(
      count: badSamplesInEpoch, epoch: batch.epoch + 1, limit: limit, samples: samples)
  }

  /// Behind what is said of a rank; nothing where there is but one.
  private func place(ofRank rank: Int) -> String {
    communicator.size == 1 ? "" : " (rank \(rank) on \(communicator.hostNames[rank]))"
  }

  /// Says once, when all images of an epoch were met or the run ends, how many ask to be turned.
  private func sayOfTurns(_ result: StepResult) {
    imagesAskingForTurn += result.images.askingForTurn
    imagesSeen += configuration.train.batchSize
    guard result.step.isMultiple(of: order.stepsPerEpoch) || result.step == lastStep, !hasSaidTurns else { return }
    hasSaidTurns = true
    guard imagesAskingForTurn > 0 else { return }
    recorder?.logger.info(
      """
      \(imagesAskingForTurn) of \(imagesSeen) images have EXIF data that asks to turn them, and were taken as they lie, as other \
      programs do; data.exif: true turns them
      """)
  }
}
