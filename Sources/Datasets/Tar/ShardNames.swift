/// Names with a range of numbers: `train-{000000..000099}.tar` stands for a hundred names.
enum ShardNames {
  /// What a name stands for: itself where it has no range.
  ///
  /// - Throws: a range that is none, or stands for more names than anyone has shards.
  static func expand(_ pattern: String) throws(DatasetError) -> [String] {
    guard let open = pattern.firstIndex(of: "{"), let close = pattern[open...].firstIndex(of: "}") else {
      return [pattern]
    }
    let range = pattern[pattern.index(after: open)..<close]
    let names = try numbers(range, pattern)
    let rests = try expand(String(pattern[pattern.index(after: close)...]))
    guard names.count * rests.count <= limit else { throw tooMany(pattern) }
    return names.flatMap { name in rests.map { pattern[..<open] + name + $0 } }
  }

  private static let limit = 1_000_000

  /// Either `first..last`, with as many digits as the first has, or words between commas.
  private static func numbers(_ range: Substring, _ pattern: String) throws(DatasetError) -> [String] {
    if range.contains(",") { return range.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    let parts = range.split(separator: "..", omittingEmptySubsequences: false)
    guard parts.count == 2, let first = Int(parts[0]), let last = Int(parts[1]), first >= 0, first <= last else {
      throw .notADataset(
        path: pattern, reason: "{\(range)} is no range of numbers; write it as {000000..000099}")
    }
    guard last - first < limit else { throw tooMany(pattern) }
    return (first...last).map { number in
      let digits = String(number)
      return String(repeating: "0", count: max(0, parts[0].count - digits.count)) + digits
    }
  }

  private static func tooMany(_ pattern: String) -> DatasetError {
    .notADataset(path: pattern, reason: "it stands for more than \(limit) names")
  }
}
