import Files

/// Why what is in the place of a checkpoint is none.
public enum CheckpointDefect: Error, Equatable, Sendable, CustomStringConvertible {
  case notThere
  case manifestMissing
  /// Its own hash differs: it was cut short or changed.
  case manifestDamaged
  case manifestMalformed(String)
  case otherStep(found: Int, expected: Int)
  case fileMissing(String)
  case wrongSize(file: String, expected: Int, found: Int)
  case hashDiffers(file: String)
  /// Where a file should be is something else.
  case notAFile(FileError)
  /// Sound, but the caller has no use for it; the text says why.
  case refused(String)

  public var description: String {
    switch self {
    case .notThere: "it does not exist"
    case .manifestMissing: "manifest.json is missing, so it was never completed"
    case .manifestDamaged: "manifest.json is truncated or changed: its own hash differs"
    case .manifestMalformed(let reason): "manifest.json does not say what it should: \(reason)"
    case .otherStep(let found, let expected): "manifest.json is that of step \(found), expected step \(expected)"
    case .fileMissing(let file): "\(file) is missing"
    case .wrongSize(let file, let expected, let found):
      "\(file) \(found < expected ? "is truncated" : "is too long"): "
        + "it has \(found) bytes, manifest.json says \(expected)"
    case .hashDiffers(let file): "\(file) has changed: its hash differs from the one in manifest.json"
    case .notAFile(let error): error.description
    case .refused(let reason): reason
    }
  }
}
