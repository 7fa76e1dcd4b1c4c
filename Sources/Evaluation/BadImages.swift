import Collectives
import Datasets
import Training

/// What evaluation does about images that cannot be used: it leaves each out and names it, and where they are more than
/// some part of the images that were asked for, it ends and leaves nothing behind.
public struct BadImagePolicy {
  /// One image of ten: a gallery of a dozen survives one, and a folder of something else does not pass for images.
  public static let usualFraction = 0.1

  /// The part of the images that may be left out.
  public let allowedFraction: Double
  /// The key of the configuration that says this part, where a run evaluates; nil of a command, which has an option for it.
  public let key: String?
  /// Is told of each image that is left out, in the order of the data, on the thread that evaluates.
  public let report: (BadSample) -> Void

  public init(
    allowedFraction: Double = usualFraction, key: String? = nil, report: @escaping (BadSample) -> Void
  ) {
    precondition(allowedFraction >= 0 && allowedFraction <= 1, "a part of the images")
    self.allowedFraction = allowedFraction
    self.key = key
    self.report = report
  }
}

/// More images than ``BadImagePolicy`` allows cannot be used.
public struct TooManyBadImages: Error, CustomStringConvertible {
  /// Found so far: whoever gives up looks no further.
  public let found: Int
  public let askedFor: Int
  public let allowedFraction: Double
  /// As ``BadImagePolicy/key``.
  public let key: String?

  package init(found: Int, askedFor: Int, _ policy: BadImagePolicy) {
    (self.found, self.askedFor) = (found, askedFor)
    (allowedFraction, key) = (policy.allowedFraction, policy.key)
  }

  public var description: String {
    if let key {
      return found == askedFor
        ? "none of the \(askedFor) images to evaluate on can be used; mae data check says why"
        : "\(found) of the \(askedFor) images to evaluate on, or more, cannot be used, and \(allowedFraction) of them "
          + "may be left out; mae data check names them: mend or remove them, or raise \(key)"
    }
    return found == askedFor
      ? "none of the \(askedFor) images can be used; nothing was written"
      : "\(found) of the \(askedFor) images or more cannot be used, and --max-bad-fraction allows \(allowedFraction) of "
        + "them; nothing was written: mend or remove these images, or allow more"
  }
}

/// The images that an evaluation left out so far.
package struct LeftOutImages {
  package private(set) var samples: [BadSample] = []
  private let askedFor: Int
  private let policy: BadImagePolicy

  package init(of askedFor: Int, _ policy: BadImagePolicy) {
    self.askedFor = askedFor
    self.policy = policy
  }

  package mutating func add(_ sample: BadSample) throws(TooManyBadImages) {
    samples.append(sample)
    policy.report(sample)
    let found = samples.count
    guard found < askedFor, Double(found) <= policy.allowedFraction * Double(askedFor) else {
      throw TooManyBadImages(found: found, askedFor: askedFor, policy)
    }
  }
}

extension Communicator {
  /// Leaves out images that all ranks know of.
  ///
  /// - Throws: on all ranks alike: there are too many.
  func leaveOut(_ samples: [BadSample], _ leftOut: inout LeftOutImages) throws {
    guard !samples.isEmpty else { return }
    try together {
      for sample in samples { try leftOut.add(sample) }
    }
  }
}
