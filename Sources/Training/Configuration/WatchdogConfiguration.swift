import Configuration

/// When a step takes so long that something must hang.
public struct WatchdogConfiguration: ConfigurationSection, Equatable {
  public var factor = 20.0
  public var floorSeconds = 300.0
  public var firstStepsSeconds = 1800.0

  public init() {}

  public static let keys: [ConfigurationKey<Self>] = [
    .value("factor", \.factor, "end the job when a step takes so many times as long as recent ones", .within(2...1e6)),
    .value("floor_seconds", \.floorSeconds, "but never before so many seconds", .within(0.1...1e9)),
    .value(
      "first_steps_seconds", \.firstStepsSeconds, "the same for steps that have no others to be held against",
      .within(0.1...1e9)),
  ]

  /// What a step may take after others that took `recentSeconds`.
  func limit(after recentSeconds: [Double]) -> Double {
    guard recentSeconds.count >= 3 else { return max(floorSeconds, firstStepsSeconds) }
    return max(floorSeconds, factor * recentSeconds.sorted()[recentSeconds.count / 2])
  }
}
