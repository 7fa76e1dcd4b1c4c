import Checkpoints
import Configuration
import Evaluation
import Foundation
import Training

extension TrainedModel {
  /// Opens a checkpoint or run directory of this program, or whatever ``importing(_:overrides:)`` takes.
  public static func openAny(
    _ path: String, overrides: [String] = []
  ) throws(InteroperabilityError) -> ImportedModel {
    let files = FileManager.default
    guard
      files.fileExists(atPath: "\(path)/manifest.json") || files.fileExists(atPath: "\(path)/checkpoints")
        || path.split(separator: "/").last == "checkpoints"
    else { return try importing(path, overrides: overrides) }
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
