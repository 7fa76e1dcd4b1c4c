import Collectives
import Compute
import Files
import Reporting

/// Records what the threads of this rank do in some steps, and writes it into the run directory.
final class StepProfile {
  let trace = Trace()
  /// What the thread does that takes the steps, beside what it does as the first of the pool's.
  let run: Trace.Row
  private let steps: Range<Int>
  private let path: String
  private let process: String
  private let rank: Int
  /// Spans that are in the file.
  private var written = 0

  /// Memory is brought in and the network finds its way in the first steps: they show nothing of the others.
  private static let warmup = 2

  /// - Parameters:
  ///   - count: steps to record.
  ///   - step: steps done when the run begins or goes on.
  init(of count: Int, after step: Int, lastStep: Int, in directory: RunDirectory, _ communicator: any Communicator) {
    let first = min(step + Self.warmup, max(step, lastStep - count))
    steps = first..<max(first, min(lastStep, first + count))
    rank = communicator.rank
    process = "rank \(rank) on \(communicator.hostName)"
    path = communicator.size == 1 ? "\(directory.path)/trace.json" : "\(directory.path)/trace-rank-\(rank).json"
    run = trace.row("run")
  }

  /// To be called before each step.
  ///
  /// - Parameter step: steps done.
  func stepBegins(after step: Int) { trace.isRecording = steps.contains(step) }

  /// To be called after each step and what belongs to it.
  ///
  /// - Returns: the file, where this was the last step to be recorded.
  func stepEnds(after step: Int) throws(FileError) -> String? {
    trace.isRecording = steps.contains(step)
    guard step == steps.upperBound else { return nil }
    try write()
    return path
  }

  /// To be called when the run has ended: a checkpoint that was being written when the last step was recorded is done now.
  func runEnds() throws(FileError) {
    if trace.rows.reduce(0, { $0 + $1.spans.count }) > written { try write() }
  }

  private func write() throws(FileError) {
    written = trace.rows.reduce(0) { $0 + $1.spans.count }
    try ChromeTrace.write(trace, to: path, rank: rank, process: process)
  }
}
