import Checkpoints
import Files
import Reporting

/// The paths of a run's files.
public struct RunDirectory: Sendable {
  public let path: String

  public init(path: String) {
    self.path = path
  }

  public var configuration: String { "\(path)/config.yaml" }
  public var log: String { "\(path)/log.jsonl" }
  /// What the headers of tar shards say.
  public var shardIndex: String { "\(path)/shards.index" }
  public var checkpoints: String { "\(path)/checkpoints" }
  /// What a model made of images after epochs; the report and TensorBoard take their images from here.
  public var galleries: String { "\(path)/gallery" }

  /// - Parameter epoch: epochs done.
  public func gallery(ofEpoch epoch: Int) -> String { "\(galleries)/\(GalleryFile.name(ofEpoch: epoch))" }

  /// The folder of an evaluation's figures, confusion matrix and mistakes.
  public func evaluation(_ name: String) -> String { "\(path)/evaluation/\(name)" }

  /// Creates the directory and makes sure that it can be written to.
  func create() throws(TrainingError) {
    do throws(FileError) {
      try PosixFileSystem().createDirectories(path)
    } catch {
      throw .runDirectory(path: path, reason: "\(error.reason).")
    }
    do throws(FileError) {
      try requireWritableDirectory(path)
    } catch {
      throw .runDirectory(path: path, reason: "it cannot be written to (\(error.reason)).")
    }
  }

  /// Makes sure that the directory is there or could be made, and could be written to; leaves no trace.
  func requireWritable() throws(TrainingError) {
    let place = nearestExisting(path)
    let kind: FileKind?
    do throws(FileError) {
      kind = try fileKindFollowingLinks(place)
      if kind == .directory { try requireWritableDirectory(place) }
    } catch {
      throw .runDirectory(path: path, reason: "\(escaped(place)) cannot be written to (\(error.reason)).")
    }
    guard kind == .directory else { throw .runDirectory(path: path, reason: "\(escaped(place)) is not a folder.") }
  }

  /// Whether a run has left anything here that a new one would overwrite.
  var holdsRun: Bool {
    mayExist(log) || mayExist(configuration) || (try? CheckpointStore(directory: checkpoints).steps()) != []
  }

  /// What cannot be looked at is not overwritten either.
  private func mayExist(_ path: String) -> Bool {
    do throws(FileError) {
      return try fileKindFollowingLinks(path) != nil
    } catch {
      return true
    }
  }

  func write(configuration text: String) throws(TrainingError) {
    do throws(FileError) {
      try replaceFile(configuration, with: Array(text.utf8))
    } catch {
      throw .runDirectory(path: path, reason: "\(error.reason).")
    }
  }
}
