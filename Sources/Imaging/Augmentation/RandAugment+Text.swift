extension RandAugment {
  /// What is wrong with the text of a policy.
  public struct TextError: Error, Equatable, CustomStringConvertible {
    public let text: String
    public let reason: String

    public var description: String { "\(text) is no policy of RandAugment: \(reason)" }
  }

  /// Reads a policy as timm writes it, such as `rand-m9-mstd0.5-inc1`: `m` the magnitude (10 where nothing is said), `n`
  /// the number of operations (2), `p` the probability of each (0.5), `mstd` the deviation of the magnitude (0), and
  /// `inc1`, which has to be there: of the sets of operations it is the only one here.
  public init(parsing text: String) throws(TextError) {
    func wrong(_ reason: String) -> TextError { TextError(text: text, reason: reason) }
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.first == "rand" else { throw wrong("it does not begin with rand-, as rand-m9-mstd0.5-inc1 does") }
    (magnitude, magnitudeDeviation) = (10, 0)
    var isIncreasing = false
    for part in parts.dropFirst() {
      let key = part.prefix { $0.isLetter }
      guard let value = Double(part.dropFirst(key.count)), value.isFinite, value >= 0 else {
        throw wrong("\(part) is not a letter or word and a number")
      }
      switch key {
      case "m" where value <= 10: magnitude = value
      case "m": throw wrong("a magnitude is at most 10")
      case "n" where (1...15).contains(value) && value == value.rounded(): operations = Int(value)
      case "n": throw wrong("1 to 15 operations can be drawn")
      case "p" where value <= 1: probability = value
      case "p": throw wrong("a probability is at most 1")
      case "mstd" where value <= 100: magnitudeDeviation = value
      case "mstd": throw wrong("magnitudes that are uniform, as an mstd above 100 asks for, are not known here")
      case "inc" where value <= 1: isIncreasing = value == 1
      default: throw wrong("m, n, p, mstd and inc are known, and not \(part)")
      }
    }
    guard isIncreasing else { throw wrong("only the increasing operations are known here; add -inc1") }
  }

  /// As `init(parsing:)` reads it.
  public var text: String {
    func number(_ value: Double) -> String { value == value.rounded() ? String(Int(value)) : String(value) }
    return "rand-m\(number(magnitude))-n\(operations)-p\(number(probability))-mstd\(number(magnitudeDeviation))-inc1"
  }
}
