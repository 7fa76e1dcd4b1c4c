import Checkpoints
import Configuration
import Files
import Pretraining
import Training

extension TrainedModel {
  /// Opens a checkpoint or run directory of this program, or whatever ``importing(_:overrides:)`` takes.
  public static func openAny(
    _ path: String, overrides: [String] = []
  ) throws(InteroperabilityError) -> ImportedModel {
    let (isCheckpoint, isRun) = (try exists("\(path)/manifest.json"), try exists("\(path)/checkpoints"))
    guard isCheckpoint || isRun || lastComponent(of: path) == "checkpoints" else {
      return try importing(path, overrides: overrides)
    }
    do {
      let model = try TrainedModel(checkpoint: path, overrides: overrides)
      return ImportedModel(model: model, notes: [])
    } catch let error as ConfigurationError {
      throw .configuration(error)
    } catch let error as CheckpointError {
      throw .checkpoint(error)
    } catch {
      preconditionFailure("opening a checkpoint throws these two errors only: \(error)")
    }
  }
}

private func exists(_ path: String) throws(InteroperabilityError) -> Bool {
  try interoperating(InteroperabilityError.file) { () throws(FileError) in try fileKindFollowingLinks(path) != nil }
}
