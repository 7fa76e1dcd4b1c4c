import Checkpoints
import Collectives
import Compute

/// Writing checkpoints, and going back to them.
extension Run {
  /// Starts to save the state after `step`, which all ranks have found to be the same; training waits for the copy only.
  func save() throws {
    precondition(comparedStep == step, "a save without a comparison of the ranks' parameters")
    replica.progress.enter(.checkpoint)
    try communicator.together { try recorder?.requireOwnDirectory() }
    let start = ContinuousClock.now
    var state = CheckpointState(step: step)
    state.task = Task.name
    state.epoch = epoch
    state.imagesSeen = step * configuration.train.batchSize
    state.virtualWorkers = configuration.virtualWorkers
    state.worldSize = communicator.size
    state.threads = replica.placement.threads
    state.programVersion = programVersion
    state.blasKernel = kernels.kernel
    state.hasEqualBits = stepsHaveEqualBits && pastHasEqualBits
    state.dataCount = dataIdentity.count
    state.dataHash = dataIdentity.hash
    if Task.learnsClasses { state.classNames = source.classNames }
    state.initialWeights = initialWeights
    state.configuration = configuration.yaml()
    state.badSamples = badSamplesInEpoch
    (state.bestStep, state.bestScore) = (best?.step, best?.score)
    try saving?.save(state, inParallel: replica.inParallel, arena: replica.savedArena)
    recorder?.record(checkpointSeconds: start.secondsSince)
  }

  /// Waits until the last checkpoint is on disk; all ranks learn whether it worked.
  func finishSaving() throws {
    replica.progress.enter(.checkpoint)
    try saving?.commit()
    try communicator.together { try saving?.finish { recorder?.record($0) } }
  }

  /// Goes back to the newest checkpoint, which all ranks had agreed on, or to what the run began with.
  func rollBack(because reason: String) throws {
    try finishSaving()
    comparedStep = nil
    let store = CheckpointStore(directory: options.runDirectory.checkpoints)
    let last = try Run.open(communicator, recorder) { try origin.laterCheckpoint(in: store) }
    let target = last == nil ? "what the run began with" : "the last checkpoint"
    recorder?.logger.warning("\(reason); going back to \(target)")
    switch (last, origin) {
    case (let last?, _): try restore(last)
    case (nil, .state(let begun)): try restore(begun)
    case (nil, .weights(let initial)):
      resetToSeed()
      try begin(with: initial)
    case (nil, .seed): resetToSeed()
    case (nil, .own):
      try communicator.together { () throws -> Void in
        throw CheckpointError.noValidCheckpoint(path: store.directory, passedOver: [])
      }
    }
    try communicator.together { try recorder?.rewind(to: step, because: reason) }
  }

  private func resetToSeed() {
    step = 0
    badSamplesInEpoch = 0
    best = nil
    pastHasEqualBits = true
    replica.reset()
  }
}
