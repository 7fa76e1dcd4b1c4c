import Files
import Safetensors

/// What can go wrong with checkpoints and run directories.
public enum CheckpointError: Error, Equatable, Sendable, CustomStringConvertible {
  case file(FileError)
  case safetensors(SafetensorsError)
  /// What is there could not be read, also when tried again: it may be valid.
  case unread(FileError)
  /// Checkpoints came and went so fast that none could be looked at.
  case changesTooFast(path: String)
  /// Saving failed; older checkpoints are as they were. Of several writers, `by` names the one that met the trouble.
  case notSaved(step: Int, by: String?, FileError)
  case invalid(path: String, CheckpointDefect)
  case nothingThere(path: String)
  case notACheckpoint(path: String)
  /// It is no checkpoint of this program, but holds weights.
  case foreignWeights(path: String)
  case noValidCheckpoint(path: String, passedOver: [PassedOverCheckpoint])
  case stateMalformed(path: String, reason: String)
  case tensorMissing(path: String, tensor: String)
  case tensorUnexpected(path: String, tensor: String)
  case shapeDiffers(path: String, tensor: String, expected: [Int], found: [Int])
  case notFinite(path: String, tensor: String, index: Int, value: Float)
  case inUse(runDirectory: String, holder: String)
  case otherTask(path: String, expected: String, found: String)

  public var description: String {
    switch self {
    case .file(let error): error.description
    case .safetensors(let error): error.description
    case .unread(let error):
      "a checkpoint could not be read, also when tried again: \(error); nothing of it was removed, and it may be valid: run "
        + "again when the file can be read, or move its folder away to go on without it"
    case .changesTooFast(let path):
      "the checkpoints in \"\(escaped(path))\" change faster than they can be read; try again"
    case .notSaved(let step, let writer, let error):
      "the checkpoint of step \(step) was not saved, older ones are untouched: "
        + (writer.map { "\($0): " } ?? "") + "\(error)"
    case .invalid(let path, let defect): "\"\(escaped(path))\" is no valid checkpoint: \(defect)"
    case .nothingThere(let path):
      "\"\(escaped(path))\" does not exist; give a run directory or a checkpoint"
    case .notACheckpoint(let path):
      "\"\(escaped(path))\" is neither a run directory (it has no folder checkpoints) nor a checkpoint "
        + "(it has no manifest.json)"
    case .foreignWeights(let path):
      "\"\(escaped(path))\" holds weights, but is no checkpoint of this program; if transformers, timm or the authors' code left them, "
        + "make a run directory of them with mae import --from \"\(escaped(path))\" --output DIR, and give that"
    case .noValidCheckpoint(let path, let passedOver):
      passedOver.isEmpty
        ? "\"\(escaped(path))\" holds no checkpoint yet"
        : "\"\(escaped(path))\" holds no valid checkpoint: " + passedOver.map(\.description).joined(separator: "; ")
    case .stateMalformed(let path, let reason): "\"\(escaped(path))\" does not say what it should: \(reason)"
    case .tensorMissing(let path, let tensor):
      "\"\(escaped(path))\" is the checkpoint of another model: it has no tensor \"\(tensor)\"\(Self.whatFits)"
    case .tensorUnexpected(let path, let tensor):
      "\"\(escaped(path))\" is the checkpoint of another model: it has a tensor \"\(tensor)\", which this one does not have\(Self.whatFits)"
    case .shapeDiffers(let path, let tensor, let expected, let found):
      "\"\(escaped(path))\" is the checkpoint of another model: tensor \"\(tensor)\" has shape \(found), expected "
        + "\(expected)\(Self.whatFits)"
    case .otherTask(let path, let expected, let found):
      "\"\(escaped(path))\" is a checkpoint of \(found), and this is \(expected); name one of \(expected), or another run directory"
    case .notFinite(let path, let tensor, let index, let value):
      "\"\(escaped(path))\": tensor \"\(tensor)\" holds a value that is not finite (\(value) at place \(index)); take the checkpoint of an "
        + "earlier step, or another run's"
    case .inUse(let runDirectory, let holder):
      "the run directory \"\(escaped(runDirectory))\" is in use by \(holder); stop that run or choose another directory"
    }
  }

  private static let whatFits =
    "; give the configuration that its run keeps as config.yaml, without --set, or another checkpoint"
}

/// A checkpoint that was not taken, and why.
public struct PassedOverCheckpoint: Equatable, Sendable, CustomStringConvertible {
  public let step: Int
  public let path: String
  public let defect: CheckpointDefect

  public var description: String { "step \(step): \(defect)" }
}

/// Runs `body` and passes its error on as this module's.
func fromFiles<Value>(_ body: () throws(FileError) -> Value) throws(CheckpointError) -> Value {
  do {
    return try body()
  } catch {
    throw .file(error)
  }
}

/// Runs `body` and passes its error on as this module's.
func fromSafetensors<Value>(_ body: () throws(SafetensorsError) -> Value) throws(CheckpointError) -> Value {
  do {
    return try body()
  } catch {
    if case .unreadable(let error) = error.reason, error.saysNothingOfContent { throw .unread(error) }
    throw .safetensors(error)
  }
}
