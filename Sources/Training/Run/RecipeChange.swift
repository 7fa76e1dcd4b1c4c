import Checkpoints
import Configuration
import Datasets

/// The keys that say what a process of the run finds on its machine.
private let machineKeys: Set<String> = ["data.path", "data.workers", "parallel.threads", "eval.train", "eval.test"]
/// The other keys that may change when a run resumes: they do not say what comes out of it.
private let freeKeys: Set<String> = [
  "data.max_bad_fraction", "train.steps", "train.time_limit", "train.non_finite", "train.compare_every_steps",
  "train.recompute", "parallel.blas_kernel", "parallel.shard_optimizer",
]

/// What a resume would change of the recipe, as `key: old -> new`.
func recipeChanges<Configuration: TaskConfiguration>(from old: Configuration, to new: Configuration) -> [String] {
  var (old, new) = (old, new)
  // Left open or written out, the same number is the same recipe.
  old.parallel.virtualWorkers = old.virtualWorkers
  new.parallel.virtualWorkers = new.virtualWorkers
  old.train.warmupEpochs = old.train.resolvedWarmupEpochs
  new.train.warmupEpochs = new.train.resolvedWarmupEpochs
  let freeSections = ["checkpoint", "watchdog"] + Configuration.freeSections
  return differences(between: old, and: new).filter { !isMachineKey($0.path) }
    .filter { difference in
      let key = difference.path.description
      return !freeKeys.contains(key) && !freeSections.contains { key.hasPrefix("\($0).") }
    }
    .map(\.description)
}

/// Whether processes of one run may differ in a key and do the same work.
func isMachineKey(_ path: ConfigurationPath) -> Bool { machineKeys.contains(path.description) }

/// What a resume would change of the data: other images stand at the same places of the epochs' order, and with another size
/// epochs begin at other steps. The path is no part of it, nor is what an old checkpoint does not know.
func dataChanges(since state: CheckpointState, identity: DataIdentity, stepsPerEpoch: Int) -> [String] {
  var changes: [String] = []
  if !state.dataHash.isEmpty, state.dataHash != identity.hash {
    changes.append(
      state.dataCount == identity.count
        ? "names, sizes or contents of the \(identity.count) images of the data set"
        : "images of the data set: \(state.dataCount) -> \(identity.count)")
  }
  guard state.epoch > 0 else { return changes }
  let old = Int((Double(state.step) / state.epoch).rounded())
  if old != stepsPerEpoch {
    changes.append("steps of an epoch, from the size of the data set: \(old) -> \(stepsPerEpoch)")
  }
  return changes
}
