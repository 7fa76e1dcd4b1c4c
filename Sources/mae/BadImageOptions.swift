import ArgumentParser
import Evaluation

/// What the commands that evaluate do about images that cannot be used.
struct BadImageOptions: ParsableArguments {
  @Option(
    name: .customLong("max-bad-fraction"),
    help: ArgumentHelp(
      "The part of the images that may be unusable: they are left out and named on standard error; with more, nothing is written.",
      valueName: "FRACTION"))
  var allowedFraction = BadImagePolicy.usualFraction

  func validate() throws {
    guard allowedFraction >= 0, allowedFraction <= 1 else {
      throw ValidationError("--max-bad-fraction is \(allowedFraction); it must lie between 0 and 1.")
    }
  }

  /// Names each image that is left out when it is met.
  var policy: BadImagePolicy {
    BadImagePolicy(allowedFraction: allowedFraction) { say("left out: \($0)") }
  }

  /// Says at the end, where nobody overlooks it, that images were left out.
  func warn(leftOut: Int, of images: Int) {
    if leftOut > 0 { say("warning: \(leftOut) of \(images) images cannot be used and were left out") }
  }
}
