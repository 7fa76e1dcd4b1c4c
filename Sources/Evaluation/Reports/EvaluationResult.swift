import Foundation

/// What an evaluation came to: a line for each way of classifying, and the first one's report in full.
public struct EvaluationResult: Sendable {
  /// One way of classifying the test set.
  public struct Row: Sendable {
    /// What was classified: `encoder`, `raw pixels 28 x 28`, `untrained encoder`.
    public let features: String
    /// What else tells it from others: `k` of 20.
    public let setting: (name: String, value: ResultValue)
    public let report: ClassificationReport

    public init(features: String, setting: (name: String, value: ResultValue), report: ClassificationReport) {
      (self.features, self.setting, self.report) = (features, setting, report)
    }
  }

  /// What the evaluation is, for people: `k-NN`.
  public let title: String
  /// Facts about it, in order: the checkpoint, its step, the data.
  public let facts: [(name: String, value: ResultValue)]
  public let notes: [String]
  public let rows: [Row]
  /// The row whose report is shown in full.
  public let main: Int

  public init(
    title: String, facts: [(name: String, value: ResultValue)], notes: [String], rows: [Row], main: Int
  ) {
    (self.title, self.facts, self.notes, self.rows, self.main) = (title, facts, notes, rows, main)
  }

  private static let mostClasses = 40

  /// Several lines for people.
  public var table: String {
    let report = rows[main].report
    let hasTop5 = report.top5 != nil
    var lines = facts.map { "\($0.name): \($0.value)" } + notes.map { "note: \($0)" } + [""]
    let header = ["features", rows[main].setting.name, "top-1"] + (hasTop5 ? ["top-5"] : [])
    lines += columns(
      [header]
        + rows.map { row in
          [row.features, "\(row.setting.value)", percentage(row.report.top1)]
            + (hasTop5 ? [row.report.top5.map(percentage) ?? ""] : [])
        })
    lines += ["", "by class, of \(rows[main].features) with \(rows[main].setting.name) \(rows[main].setting.value):"]
    let tested = report.classNames.indices.filter { report.count(ofClass: $0) > 0 }
    let worst = tested.sorted { (report.accuracy(ofClass: $0)!, $0) < (report.accuracy(ofClass: $1)!, $1) }
    let shown = tested.count > Self.mostClasses ? Array(worst.prefix(Self.mostClasses)) : tested
    lines += columns(
      [["class", "images", "top-1"]]
        + shown.map { label in
          [report.classNames[label], "\(report.count(ofClass: label))", percentage(report.accuracy(ofClass: label)!)]
        })
    if shown.count < tested.count { lines.append("(the \(shown.count) worst of \(tested.count) classes)") }
    return (lines + ["", summary]).joined(separator: "\n")
  }

  /// `k-NN (k 20): encoder 85.10 % (raw pixels 28 x 28 84.90 %, untrained encoder 77.30 %)`: what all features came to with
  /// the setting of the main row, or, where each has its own, at all.
  public var summary: String {
    let setting = rows[main].setting
    let others = rows.indices.filter { index in
      guard index != main, rows[index].features != rows[main].features else { return false }
      return rows[index].setting.value == setting.value
        || !rows.contains { $0.features == rows[index].features && $0.setting.value == setting.value }
    }
    let compared = others.map { "\(rows[$0].features) \(percentage(rows[$0].report.top1))" }.joined(separator: ", ")
    return "\(title) (\(setting.name) \(setting.value)): \(rows[main].features) \(percentage(rows[main].report.top1))"
      + (compared.isEmpty ? "" : " (\(compared))")
  }

  /// Cells in columns as wide as their widest: the first to the left, the others to the right.
  private func columns(_ cells: [[String]]) -> [String] {
    let widths = cells[0].indices.map { column in cells.map { $0[column].count }.max()! }
    return cells.map { row in
      row.enumerated().map { column, text in
        let padding = String(repeating: " ", count: widths[column] - text.count)
        return column == 0 ? text + padding : padding + text
      }.joined(separator: "  ")
    }
  }

  /// One JSON object.
  public func json(pretty: Bool = false) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting =
      pretty ? [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted] : [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(EncodedResult(self)), as: UTF8.self)
  }

  /// Writes the main row's report and all figures (`result.json`) into a folder, which is made where it is not there.
  public func write(to folder: String) throws {
    try rows[main].report.write(to: folder)
    try writeReplacing("\(folder)/result.json", try json(pretty: true) + "\n")
  }
}

/// How a result is written as JSON.
private struct EncodedResult: Encodable {
  struct Row: Encodable {
    let features: String
    let setting: [String: ResultValue]
    let report: ClassificationReport
  }

  let evaluation: String
  let facts: [String: ResultValue]
  let notes: [String]
  let results: [Row]
  let main: Int

  init(_ result: EvaluationResult) {
    evaluation = result.title
    facts = Dictionary(
      result.facts.map { ($0.name.replacing(" ", with: "_"), $0.value) }, uniquingKeysWith: { first, _ in first })
    notes = result.notes
    results = result.rows.map {
      Row(features: $0.features, setting: [$0.setting.name: $0.setting.value], report: $0.report)
    }
    main = result.main
  }
}

extension ClassificationReport: Encodable {
  private enum Keys: String, CodingKey {
    case images, top1, top5
    case perClass = "per_class"
  }

  private struct ClassLine: Encodable {
    let name: String
    let images: Int
    let accuracy: Double?
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(imageCount, forKey: .images)
    try container.encode(top1, forKey: .top1)
    try container.encodeIfPresent(top5, forKey: .top5)
    let lines = classNames.indices.map {
      ClassLine(name: classNames[$0], images: count(ofClass: $0), accuracy: accuracy(ofClass: $0))
    }
    try container.encode(lines, forKey: .perClass)
  }
}
