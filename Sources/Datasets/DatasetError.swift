import Compute
import Files

/// What can be wrong with a data set.
public enum DatasetError: Error, Equatable, CustomStringConvertible {
  /// The system would not let us read a file or list a folder.
  case unreadable(path: String, reason: String)
  /// The path leads to something that is no data set.
  case notADataset(path: String, reason: String)
  case noPath
  /// A file of a data set contradicts itself or another.
  case corrupt(path: String, reason: String)
  /// One image cannot be had.
  case badImage(BadSample)
  /// So many images in a row could not be had that something other than the images must be wrong.
  case tooManyBadImages(count: Int, first: BadSample, last: BadSample)
  /// Images cannot be brought to the channels that the model takes.
  case wrongChannels(name: String, found: Int, wanted: Int)
  /// Fewer images than one batch takes.
  case smallerThanBatch(sampleCount: Int, batchSize: Int)
  /// The system would not start another thread.
  case cannotStartThread(ThreadError)
  /// A setting of the augmentation is out of range.
  case invalidAugmentation(key: String, reason: String)

  public var description: String {
    switch self {
    case .unreadable(let path, let reason):
      "cannot read \(escaped(path)): \(reason)"
    case .notADataset(let path, let reason):
      "\(escaped(path)) is no data set: \(reason)"
    case .noPath: "a path is empty; name a folder or a file, or leave the key out"
    case .corrupt(let path, let reason):
      "\(escaped(path)) is damaged: \(reason)"
    case .badImage(let sample):
      sample.description
    case .tooManyBadImages(1, let first, _):
      "the only image cannot be used: \(first)"
    case .tooManyBadImages(let count, let first, let last):
      "\(count) images in a row cannot be used; the first: \(first); the last: \(last)"
    case .wrongChannels(let name, let found, let wanted):
      "\(name) has \(found) channels, and model.channels is \(wanted): set model.channels to \(found), with a mean and std for each"
    case .smallerThanBatch(let sampleCount, let batchSize):
      "the data set has \(sampleCount) images, fewer than one batch of \(batchSize): lower train.batch_size"
    case .cannotStartThread(let error):
      error.description
    case .invalidAugmentation(let key, let reason):
      "\(key) is out of range: \(reason)"
    }
  }
}

extension DatasetError {
  /// Whether the configuration is at fault, and not the data.
  public var isUsage: Bool {
    switch self {
    case .wrongChannels, .noPath: true
    default: false
    }
  }
}

/// An image that cannot be used, and why.
public struct BadSample: Sendable, Equatable, CustomStringConvertible {
  /// Its index in the data set.
  public let index: Int
  public let name: String
  /// One sentence that names the file.
  public let reason: String

  public init(index: Int, name: String, reason: String) {
    self.index = index
    self.name = name
    self.reason = reason
  }

  public var description: String { reason }
}
