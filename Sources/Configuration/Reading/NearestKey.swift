/// The one of `names` that was probably meant by `name`, if any is near: at most a third of its characters differ.
public func nearestName(to name: String, among names: some Sequence<String>) -> String? {
  let scored = names.map { (name: $0, distance: NearestKey.editDistance(name, $0)) }
  return scored.min { $0.distance < $1.distance }.flatMap { $0.distance * 3 <= name.count ? $0.name : nil }
}

/// Finds the key that was probably meant.
enum NearestKey {
  /// The known path with the fewest edits to `path`; a right name in the wrong section (`width` or `encoder.width` for
  /// `model.encoder.width`) counts as one edit. Ties go to the closer full path, then to the earlier one.
  static func nearest(to path: ConfigurationPath, among known: [ConfigurationPath]) -> ConfigurationPath {
    func score(_ candidate: ConfigurationPath) -> (Int, Int) {
      let whole = editDistance(path.description, candidate.description)
      let misplaced = editDistance(String(path.leaf), String(candidate.leaf)) + 1
      return (min(whole, misplaced), whole)
    }
    // The section in which the unknown key stands is near, but nobody meant it.
    let scored = known.filter { !path.isBelow($0) }.map { (path: $0, score: score($0)) }
    // `min` keeps the first of equals.
    return scored.min { $0.score < $1.score }?.path ?? .root
  }

  /// Insertions, deletions, substitutions and swaps of neighbours that turn one text into the other (the optimal string
  /// alignment distance).
  static func editDistance(_ first: String, _ second: String) -> Int {
    let (first, second) = (Array(first.lowercased()), Array(second.lowercased()))
    var older: [Int] = []
    var previous = Array(0...second.count)
    for i in first.indices {
      var current = [i + 1]
      for j in second.indices {
        var best = min(previous[j + 1] + 1, current[j] + 1, previous[j] + (first[i] == second[j] ? 0 : 1))
        if i > 0, j > 0, first[i] == second[j - 1], first[i - 1] == second[j] {
          best = min(best, older[j - 1] + 1)
        }
        current.append(best)
      }
      (older, previous) = (previous, current)
    }
    return previous[second.count]
  }
}
