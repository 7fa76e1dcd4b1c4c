import Checkpoints
import Glibc
import Reporting

/// Whether files may grow as large as those of a checkpoint.
public struct CheckpointFileSize: Sendable, Equatable, CustomStringConvertible {
  /// Of the largest file, without its header.
  public let largestBytes: Int
  /// What a file of this process may have (`ulimit -f`); nil where there is no limit.
  public let limitBytes: Int?

  public init(largestBytes: Int, limitBytes: Int?) {
    self.largestBytes = largestBytes
    self.limitBytes = limitBytes
  }

  /// Of the checkpoints of a layout, written by this process.
  public init(_ layout: CheckpointLayout) {
    var limit = rlimit()
    let isLimited =
      getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 && limit.rlim_cur < UInt(Int.max)
    self.init(largestBytes: layout.largestFileByteCount, limitBytes: isLimited ? Int(limit.rlim_cur) : nil)
  }

  public var allowsSaving: Bool { limitBytes.map { largestBytes <= $0 } ?? true }

  public var description: String {
    let largest = "a checkpoint's largest file has \(ProgressFormat.bytes(largestBytes))"
    return limitBytes.map { "files may have \(ProgressFormat.bytes($0)) (ulimit -f), and \(largest)" } ?? largest
  }

  /// - Throws: no checkpoint could be saved.
  func requireSaving() throws(TrainingError) {
    guard allowsSaving else { throw .fileSizeLimit(self) }
  }
}
