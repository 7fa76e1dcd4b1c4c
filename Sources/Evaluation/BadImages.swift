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
  /// Is told of each image that is left out, in the order of the data, on the thread that evaluates.
  public let report: (BadSample) -> Void

  public init(allowedFraction: Double = usualFraction, report: @escaping (BadSample) -> Void) {
    precondition(allowedFraction >= 0 && allowedFraction <= 1, "a part of the images")
    self.allowedFraction = allowedFraction
    self.report = report
  }
}

/// More images than ``BadImagePolicy`` allows cannot be used.
public struct TooManyBadImages: Error, CustomStringConvertible {
  /// Found so far: whoever gives up looks no further.
  public let found: Int
  public let askedFor: Int
  public let allowedFraction: Double

  package init(found: Int, askedFor: Int, allowedFraction: Double) {
    (self.found, self.askedFor, self.allowedFraction) = (found, askedFor, allowedFraction)
  }

  public var description: String {
    found == askedFor
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
      throw TooManyBadImages(found: found, askedFor: askedFor, allowedFraction: policy.allowedFraction)
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
