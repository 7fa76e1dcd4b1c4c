import Checkpoints
import Datasets
import Files
import Foundation
import Reporting

/// The room that the checkpoints of a run take on the disk, and the room that there is.
public struct CheckpointSpace: Sendable, Equatable, CustomStringConvertible {
  /// Of one checkpoint, without the headers of its files.
  public let bytesPerCheckpoint: Int
  /// The most that will lie there at the same time: those that are kept, and the one that is being written.
  public let count: Int
  /// Those that lie there now and are among these.
  public let existingCount: Int
  public let availableBytes: Int

  public init(bytesPerCheckpoint: Int, count: Int, existingCount: Int, availableBytes: Int) {
    self.bytesPerCheckpoint = bytesPerCheckpoint
    self.count = count
    self.existingCount = min(existingCount, count)
    self.availableBytes = availableBytes
  }

  /// What is still to be written at the same time.
  public var neededBytes: Int { (count - existingCount) * bytesPerCheckpoint }
  /// Whether all that the run keeps finds room, as far as nobody else takes it.
  public var suffices: Bool { neededBytes <= availableBytes }
  /// Whether a run can save at all: a new checkpoint is whole before an older one goes.
  public var allowsSaving: Bool {
    bytesPerCheckpoint * max(count == existingCount ? 0 : 1, min(2, count) - existingCount) <= availableBytes
  }

  public var description: String {
    "\(ProgressFormat.count(count, "checkpoint")) of \(ProgressFormat.bytes(bytesPerCheckpoint)) will lie there at the same time"
      + (existingCount == 0 ? "" : " (\(existingCount) \(existingCount == 1 ? "does" : "do") already)")
      + ", and \(ProgressFormat.bytes(availableBytes)) are free"
  }
}

extension CheckpointSpace {
  /// Of a task's run.
  ///
  /// - Parameters:
  ///   - step: steps done.
  ///   - available: bytes that are free where the run directory is or will be.
  init(
    _ task: some TrainingTask, in directory: RunDirectory, after step: Int, lastStep: Int, stepsPerEpoch: Int,
    availableBytes: Int
  ) throws(CheckpointError) {
    let existing = try CheckpointStore(directory: directory.checkpoints).steps().count
    let configuration = task.configuration.checkpoint
    self.init(
      bytesPerCheckpoint: CheckpointLayout(task).byteCount,
      count: configuration.mostAtOnce(
        existing: existing, after: step, lastStep: lastStep, stepsPerEpoch: stepsPerEpoch),
      existingCount: existing, availableBytes: availableBytes)
  }
}

extension Run {
  /// Of the run that a configuration and a directory describe, which need not be there yet.
  public static func space(_ configuration: Task.Configuration, in directory: RunDirectory) throws -> CheckpointSpace {
    let (_, order) = try openData(configuration)
    let store = CheckpointStore(directory: directory.checkpoints)
    return try CheckpointSpace(
      try Task(configuration, from: nil), in: directory, after: store.steps().last ?? 0,
      lastStep: lastStep(configuration, order), stepsPerEpoch: order.stepsPerEpoch,
      availableBytes: FileSystemSpace(of: nearestExisting(directory.path)).availableBytes)
  }

  /// Where a run ends: at the end of the schedule, or before where the configuration says so.
  static func lastStep(_ configuration: Task.Configuration, _ order: BatchOrder) -> Int {
    min(configuration.train.steps ?? .max, configuration.train.epochs * order.stepsPerEpoch)
  }
}

extension CheckpointConfiguration {
  /// The most checkpoints that lie in a run directory at the same time.
  ///
  /// - Parameter existing: checkpoints that lie there after `step`.
  func mostAtOnce(existing: Int, after step: Int, lastStep: Int, stepsPerEpoch: Int) -> Int {
    let intervals = [everySteps, everyEpochs.map { $0.multipliedReportingOverflow(by: stepsPerEpoch).partialValue }]
      .compactMap { $0 }.filter { $0 > 0 }
    // The last step always leaves one.
    let saves = multiples(of: intervals, after: step, upTo: lastStep) + (step < lastStep ? 1 : 0)
    let forever = keepEverySteps.map { keep in
      multiples(of: intervals.map { leastCommonMultiple($0, keep) }, after: step, upTo: lastStep)
    }
    return min(existing + saves, max(existing, keepLast) + (forever ?? 0) + 1)
  }
}

/// How many numbers in `step + 1 ... last` one of `intervals`, of which there are two at most, divides.
private func multiples(of intervals: [Int], after step: Int, upTo last: Int) -> Int {
  func count(_ interval: Int) -> Int { max(0, last / interval - step / interval) }
  let common = intervals.count == 2 ? count(leastCommonMultiple(intervals[0], intervals[1])) : 0
  return intervals.reduce(0) { $0 + count($1) } - common
}

/// Where it is too large for a number, the largest one, which no step reaches.
private func leastCommonMultiple(_ one: Int, _ other: Int) -> Int {
  var (divisor, rest) = (one, other)
  while rest != 0 { (divisor, rest) = (rest, divisor % rest) }
  let (product, overflow) = (one / divisor).multipliedReportingOverflow(by: other)
  return overflow ? .max : product
}
