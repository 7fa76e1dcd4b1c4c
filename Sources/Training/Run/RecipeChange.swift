import Configuration

/// The keys that may change when a run resumes: they say where and how a run is done, not what comes out of it.
private let freeKeys: Set<String> = [
  "data.path", "data.workers", "data.max_bad_fraction", "train.steps", "train.time_limit", "train.non_finite",
  "train.compare_every_steps",
]

/// What a resume would change of the recipe, as `key: old -> new`.
func recipeChanges(from old: RunConfiguration, to new: RunConfiguration) -> [String] {
  var (old, new) = (old, new)
  // Left open or written out, the same number is the same recipe.
  old.parallel.virtualWorkers = old.virtualWorkers
  new.parallel.virtualWorkers = new.virtualWorkers
  return differences(between: old, and: new)
    .filter { difference in
      let key = difference.path.description
      return !freeKeys.contains(key) && key != "parallel.threads" && !key.hasPrefix("checkpoint.")
        && !key.hasPrefix("watchdog.")
    }
    .map(\.description)
}
