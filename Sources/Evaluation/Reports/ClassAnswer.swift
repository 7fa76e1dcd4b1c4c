import Compute

/// What a classifier says of an image.
public struct ClassAnswer: Sendable, Equatable {
  /// The most likely classes, the most likely first; at most five. A class without a vote is not among them.
  public let classes: [Int]
  /// The share of the first one: of the votes, or its probability.
  public let confidence: Double

  public static let mostClasses = 5

  public var first: Int { classes[0] }

  public init(classes: [Int], confidence: Double) {
    precondition(!classes.isEmpty && classes.count <= Self.mostClasses, "one to five classes")
    (self.classes, self.confidence) = (classes, confidence)
  }

  /// - Parameter votes: by class; none is negative. Of equal ones the class with the smaller number is the likelier.
  init(votes: [Int: Double]) {
    let order = votes.filter { $0.value > 0 }.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }
    // Summed in the order of the classes' rank, which does not depend on how a dictionary lies in memory.
    let sum = order.reduce(0) { $0 + $1.value }
    self.init(classes: order.prefix(Self.mostClasses).map(\.key), confidence: order[0].value / sum)
  }

  /// The answer of a softmax over some logits, none of which is infinite or no number; the class is the place among them.
  ///
  /// - Returns: also log Σ e^z of the logits z, so that −log p of a class is `logSum` minus its logit.
  package static func softmax(_ logits: [Double]) -> (answer: ClassAnswer, logSum: Double) {
    precondition(!logits.isEmpty, "one class or more")
    // Of equal ones the class with the smaller number is the likelier.
    var likeliest: [Int] = []
    for (index, logit) in logits.enumerated() {
      let place = likeliest.firstIndex { logits[$0] < logit } ?? likeliest.count
      guard place < mostClasses else { continue }
      likeliest.insert(index, at: place)
      if likeliest.count > mostClasses { likeliest.removeLast() }
    }
    let largest = logits[likeliest[0]]
    // A sum of 1 or more is not changed by e to the power of less.
    let sum = logits.reduce(0) { $0 + Elementary.exp(max(-700, $1 - largest)) }
    return (ClassAnswer(classes: likeliest, confidence: 1 / sum), largest + Elementary.log(sum))
  }

  // MARK: As numbers, to be sent

  package static let numberCount = 2 + mostClasses

  package var numbers: [Double] {
    let unused = Array(repeating: 0.0, count: Self.mostClasses - classes.count)
    return [confidence, Double(classes.count)] + classes.map(Double.init) + unused
  }

  package init(numbers: ArraySlice<Double>) {
    let numbers = Array(numbers)
    self.init(classes: numbers[2..<2 + Int(numbers[1])].map { Int($0) }, confidence: numbers[0])
  }
}
