import Foundation

/// How well a classifier did on labelled images.
public struct ClassificationReport: Sendable {
  public struct Mistake: Sendable, Equatable {
    /// The name of the image.
    public let image: String
    /// Numbers of classes.
    public let label: Int
    public let answer: Int
    public let confidence: Double
  }

  public let classNames: [String]
  /// The pairs of a class and an answer that there are, and how many images of each: of many classes few pairs occur.
  private let confusion: [Pair: Int]
  /// Images of each class.
  private let counts: [Int]
  /// The share of images whose class is the most likely answer.
  public let top1: Double
  /// The share of images whose class is among the five most likely; nil where there are no more than five classes.
  public let top5: Double?
  /// The wrong answers that were most confident, the most confident first.
  public let mistakes: [Mistake]
  public let imageCount: Int

  private struct Pair: Hashable {
    let label: Int
    let answer: Int
  }

  private static let mostMistakes = 100

  /// - Parameters:
  ///   - labels: the class of each image; at least one.
  ///   - answers: as many.
  ///   - imageName: the name of an image, by its place among these.
  public init(
    classNames: [String], labels: [Int], answers: [ClassAnswer], imageName: (_ place: Int) -> String
  ) {
    precondition(!labels.isEmpty && labels.count == answers.count, "an answer for each image")
    self.classNames = classNames
    let classes = classNames.count
    var confusion: [Pair: Int] = [:]
    var counts = [Int](repeating: 0, count: classes)
    var among = 0
    var wrong: [Int] = []
    for (place, (label, answer)) in zip(labels, answers).enumerated() {
      confusion[Pair(label: label, answer: answer.first), default: 0] += 1
      counts[label] += 1
      if answer.classes.contains(label) { among += 1 }
      if answer.first != label { wrong.append(place) }
    }
    self.confusion = confusion
    self.counts = counts
    imageCount = labels.count
    top1 = Double(labels.count - wrong.count) / Double(labels.count)
    top5 = classes > ClassAnswer.mostClasses ? Double(among) / Double(labels.count) : nil
    let worst = wrong.sorted { (answers[$0].confidence, $1) > (answers[$1].confidence, $0) }.prefix(Self.mostMistakes)
    mistakes = worst.map {
      Mistake(
        image: imageName($0), label: labels[$0], answer: answers[$0].first, confidence: answers[$0].confidence)
    }
  }

  /// Images of a class.
  public func count(ofClass label: Int) -> Int { counts[label] }

  public func count(_ label: Int, answered answer: Int) -> Int {
    confusion[Pair(label: label, answer: answer), default: 0]
  }

  /// The pairs of a class and an answer that there are, in the order of the classes and then of the answers.
  var answered: [(label: Int, answer: Int, images: Int)] {
    confusion.map { (label: $0.label, answer: $0.answer, images: $1) }
      .sorted { ($0.label, $0.answer) < ($1.label, $1.answer) }
  }

  /// The share of a class's images that were answered right; nil of a class without images.
  public func accuracy(ofClass label: Int) -> Double? {
    let count = count(ofClass: label)
    return count > 0 ? Double(self.count(label, answered: label)) / Double(count) : nil
  }
}

/// `87.3 %`.
public func percentage(_ share: Double) -> String { String(format: "%.2f %%", 100 * share) }
