/// Something that is to be said of a run's health, from what was measured.
public struct HealthFinding: Hashable, Sendable {
  public enum Level: String, Sendable, Comparable {
    case warning
    case notice
    case good

    private var rank: Int {
      switch self {
      case .warning: 0
      case .notice: 1
      case .good: 2
      }
    }

    public static func < (a: Level, b: Level) -> Bool { a.rank < b.rank }
  }

  public let level: Level
  /// What was found, with its numbers.
  public let sentence: String
  /// What to try; nil where nothing is to be done.
  public let advice: String?

  init(_ level: Level, _ sentence: String, advice: String? = nil) {
    (self.level, self.sentence, self.advice) = (level, sentence, advice)
  }

  /// Both in one line.
  public var line: String { [sentence, advice].compactMap(\.self).joined(separator: " ") }
}

/// What the rules find, the worst first; never nothing, once steps have been taken.
///
/// The console, the page and the list of runs all say these sentences.
func healthFindings(of facts: RunFacts) -> [HealthFinding] {
  guard facts.history.lastStep > 0 else { return [] }
  let found = HealthRule.all.compactMap { $0.judge(facts) }.sorted { $0.level < $1.level }
  return found.isEmpty ? [HealthRule.nothingStandsOut(facts)] : found
}

/// A rule about a run's health: it looks at one thing, and says nothing where there is nothing to say.
struct HealthRule: Sendable {
  let judge: @Sendable (RunFacts) -> HealthFinding?

  static let all: [HealthRule] = [
    .nonFinite, .differingRanks, .rollbacks, .failedCheckpoint, .progress, .risingLoss, .overfitting,
    .collapsedFeatures, .tinyLearningRate, .longWarmup, .goodTheSecondTime, .fewSteps, .dataWait, .badImages,
  ]
}
