import Checkpoints
import Foundation

/// The paths of a run's files.
public struct RunDirectory: Sendable {
  public let path: String

  public init(path: String) {
    self.path = path
  }

  public var configuration: String { "\(path)/config.yaml" }
  public var log: String { "\(path)/log.jsonl" }
  public var report: String { "\(path)/report.html" }
  public var checkpoints: String { "\(path)/checkpoints" }

  /// Creates the directory and makes sure that it can be written to.
  func create() throws(TrainingError) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw .runDirectory(path: path, reason: reason(of: error))
    }
    guard access(path, W_OK | X_OK) == 0 else {
      throw .runDirectory(path: path, reason: "it cannot be written to (\(String(cString: strerror(errno)))).")
    }
  }

  /// Whether a run has left anything here that a new one would overwrite.
  var holdsRun: Bool {
    let files = FileManager.default
    return files.fileExists(atPath: log) || files.fileExists(atPath: configuration)
      || !((try? CheckpointStore(directory: checkpoints).steps()) ?? []).isEmpty
  }

  func write(configuration text: String) throws(TrainingError) {
    do {
      try Data(text.utf8).write(to: URL(filePath: configuration), options: .atomic)
    } catch {
      throw .runDirectory(path: path, reason: reason(of: error))
    }
  }

  private func reason(of error: any Error) -> String {
    let error = error as NSError
    guard let cause = error.userInfo[NSUnderlyingErrorKey] as? POSIXError else { return error.localizedDescription }
    return "\(String(cString: strerror(cause.code.rawValue)))."
  }
}
