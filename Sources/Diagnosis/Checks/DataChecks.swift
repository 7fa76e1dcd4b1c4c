import Datasets
import Files
import Reporting

/// Whether images can be used.
enum DataChecks {
  /// Decodes three images that lie far apart.
  static func decoding(_ source: any ImageSource, path: String) -> Finding {
    let places = Set([0, source.count / 2, source.count - 1]).sorted()
    var reasons: [String] = []
    let start = ContinuousClock.now
    for index in places {
      do throws(DatasetError) {
        _ = try source.image(at: index)
      } catch {
        reasons.append("\(error)")
      }
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1) / Double(places.count)
    let what = "\(escaped(path)): \(ProgressFormat.count(source.count, "image")) of \(source.kind)"
    guard let reason = reasons.first else {
      return .ok("data", "\(what); one takes \(ProgressFormat.measure(seconds * 1e3)) ms to read")
    }
    return .warning(
      "data", "\(what), and \(reasons.count) of the \(places.count) that were tried cannot be used: \(reason)",
      do: "mae data check \(escaped(path)) names all; data.max_bad_fraction says how many a run may meet")
  }
}
