import Files
import Foundation

/// What a run's log says, put together line by line in bounded memory: what the page, the list of runs and the sentences about
/// a run's health are made of.
public struct RunHistory: Sendable {
  /// How a run ended, as it said itself.
  public enum Ending: Hashable, Sendable {
    case completed
    case stopped
    case failed(reason: String)
  }

  /// The numbers of steps by their names in the log.
  private(set) var steps: [String: Series] = [:]
  /// The numbers that belong to whole epochs, an epoch's own and those of evaluations, by their names in the log, over steps.
  private(set) var epochs: [String: Series] = [:]
  /// Of the last step.
  private(set) var lastValues: [String: Double] = [:]
  public private(set) var lastStep = 0
  /// The last ones of what is neither a step nor an epoch, at most `eventLimit`.
  private(set) var events: [LogLine] = []
  /// How often each of these happened.
  private(set) var eventCounts: [String: Int] = [:]
  /// What was said of images that were replaced, each once, however many epochs met it; at most `badImageLimit`.
  private(set) var badImages: Set<String> = []
  /// Resumes and rollbacks: where the curve has a seam.
  private(set) var seams: [Double] = []
  /// What the run said of itself when it last began: where it runs, and how long it is to be.
  private(set) var start: [String: LogValue] = [:]
  /// Nil while it goes on, and where it was ended from outside.
  public private(set) var ending: Ending?
  /// Seconds since 1970, of the first and the last line.
  private(set) var firstTime: Double?
  private(set) var latestTime: Double?
  /// Seconds in which steps were taken, pauses between a run's parts left out.
  private(set) var trainingSeconds = 0.0

  /// A page with more rows than that is of no use to anybody, and takes long to be shown.
  static let eventLimit = 500
  private static let seamLimit = 200
  /// Nobody reads how many more there are.
  static let badImageLimit = 10_000

  /// By the scanner's fields: a dictionary of half a million lines' numbers would take longer than reading them.
  private var scanner = StepLineScanner()
  private var columns: [Series] = []
  private var lastNumbers: [(field: Int, value: Double)] = []

  public init() {}

  /// All that a log holds.
  public init(log path: String) throws(ReportingError) {
    self.init()
    var follower = LogFollower(path: path)
    try reporting { () throws(FileError) in try read(&follower) }
  }

  /// Takes the lines that have been added to a log.
  mutating func read(_ follower: inout LogFollower) throws(FileError) {
    try follower.forEachNewLine { bytes, line in add(bytes, line) }
    close()
  }

  private mutating func add(_ bytes: Span<UInt8>, _ line: Range<Int>) {
    if scanner.read(bytes, line) {
      addStep()
    } else if let other = LogLine(json: line.map { bytes[$0] }) {
      add(other)
    }
  }

  private mutating func addStep() {
    add(step: scanner.step, scanner.values)
    lastNumbers = scanner.values
  }

  private mutating func add(step: Int, _ numbers: [(field: Int, value: Double)]) {
    lastStep = step
    ending = nil
    while columns.count < scanner.names.count { columns.append(Series()) }
    for (field, value) in numbers { columns[field].add(step: Double(step), value: value) }
  }

  /// Gives what was read by field its names.
  private mutating func close() {
    for (field, name) in scanner.names.enumerated() {
      steps[name] = columns[field]
    }
    if let time = steps.removeValue(forKey: "time") { note(times: [time.first, time.last]) }
    if let seconds = steps["step_seconds"] {
      trainingSeconds = seconds.bins.reduce(0) { $0 + $1.mean * Double($1.count) }
    }
    lastValues = Dictionary(
      lastNumbers.map { (scanner.names[$0.field], $0.value) }, uniquingKeysWith: { first, _ in first })
  }

  private mutating func note(times: [Double?]) {
    for time in times.compactMap(\.self) where time.isFinite {
      firstTime = min(firstTime ?? time, time)
      latestTime = max(latestTime ?? time, time)
    }
  }

  private mutating func add(_ line: LogLine) {
    note(times: [line.time])
    switch line.event {
    case StepRecord.event: addStep(line)
    case EpochRecord.event: addEpoch(line)
    case StartRecord.event:
      start = line.values
      ending = nil
      addEvent(line)
    case EndRecord.event:
      ending = EndRecord(line)?.ending
      addEvent(line)
    default:
      // What an evaluation finds may have a line of its own.
      if line.event.hasPrefix("evaluation") { addEpoch(line) } else { addEvent(line) }
    }
  }

  /// A step's line that has more in it than numbers.
  private mutating func addStep(_ line: LogLine) {
    lastNumbers = line.values.compactMap { name, value in
      value.double.map { (scanner.field(named: name), $0) }
    }
    add(step: line.step, lastNumbers)
  }

  private mutating func addEpoch(_ line: LogLine) {
    for (name, value) in line.values where name != "epoch" {
      guard let number = value.double else { continue }
      epochs[name, default: Series()].add(step: Double(line.step), value: number)
    }
  }

  private mutating func addEvent(_ line: LogLine) {
    if ["resume", "rollback"].contains(line.event), seams.count < Self.seamLimit { seams.append(Double(line.step)) }
    eventCounts[line.event, default: 0] += 1
    if line.event == "bad_sample", case .text(let reason)? = line.values["reason"],
      badImages.count < Self.badImageLimit
    {
      badImages.insert(reason)
    }
    events.append(line)
    // Seldom, since it moves the others.
    if events.count >= 2 * Self.eventLimit { events.removeFirst(events.count - Self.eventLimit) }
  }

  var eventCount: Int { eventCounts.values.reduce(0, +) }
  var lastEpoch: Double? { lastValues["epoch"] }
  /// The step at which the run is to end.
  var totalSteps: Int? { integer("last_step") }
  var stepsPerEpoch: Int? { integer("steps_per_epoch") }

  private func integer(_ name: String) -> Int? {
    guard case .integer(let value)? = start[name] else { return nil }
    return value
  }
}
