import Evaluation
import Testing

@testable import Classification

/// What a validation makes of the answers to all images.
@Suite struct ValidationResultTests {
  private let names = ["a", "b", "c", "d", "e", "f"]

  private func result(_ outcomes: [ImageOutcome?], _ names: [String], trained: [String]) throws -> ValidationResult {
    let source = NamedImages(classNames: names)
    let classes = try ValidationClasses(
      of: source, at: "there", trained: LearnedClasses(names: trained), onlyPresent: true)
    return ValidationResult(outcomes, of: source, classes: classes)
  }

  private func outcome(_ classes: [Int], loss: Double = 1, confidence: Double = 0.5) -> ImageOutcome {
    ImageOutcome(loss: loss, answer: ClassAnswer(classes: classes, confidence: confidence))
  }

  /// Six images, the first of class a and so on; the fourth cannot be used.
  @Test func byHand() throws {
    let result = try result(
      [
        outcome([0, 1, 2, 3, 4]), outcome([0, 2, 3, 4, 1], loss: 3),
        outcome([0, 1, 3, 4, 5], loss: 5, confidence: 0.9),
        nil, outcome([4, 0, 1, 2, 3]), outcome([5, 0, 1, 2, 3], loss: 0),
      ], names, trained: names)
    #expect(result.loss == 2 && result.accuracy == 0.6 && result.topFiveAccuracy == 0.8)
    #expect(result.imageCount == 5 && result.leftOut == 1)
    let report = try #require(result.report)
    #expect(report.top1 == result.accuracy && report.top5 == result.topFiveAccuracy)
    #expect(report.mistakes.map(\.image) == ["image 2", "image 1"])
    #expect(report.mistakes.map(\.label) == [2, 1] && report.mistakes.allSatisfy { $0.answer == 0 })
    #expect(report.count(ofClass: 3) == 0 && report.accuracy(ofClass: 3) == nil)
  }

  /// Labels of the images are places among their own names, and answers among the classes to choose from.
  @Test func classesThatTheImagesLackAreNoAnswers() throws {
    let result = try result([outcome([1]), outcome([1])], ["c", "a"], trained: ["a", "b", "c"])
    #expect(result.accuracy == 0.5 && result.topFiveAccuracy == nil)
    let report = try #require(result.report)
    #expect(report.classNames == ["a", "c"])
    #expect([(0, 0), (0, 1), (1, 0), (1, 1)].map { report.count($0, answered: $1) } == [0, 1, 0, 1])
  }

  /// An image without an answer is wrong, and has no place in a confusion matrix.
  @Test func answersThatAreNoNumbers() throws {
    let result = try result(
      [outcome([0]), ImageOutcome(loss: .nan, answer: nil)], ["a", "b"], trained: ["a", "b"])
    #expect(result.accuracy == 0.5 && result.loss.isNaN && result.report == nil)
  }

  @Test func outcomesComeBackFromNumbers() {
    for outcome in [outcome([3, 1], loss: 0.25, confidence: 0.75), outcome([5, 4, 3, 2, 1]), outcome([0])] {
      let numbers = [7.0] + outcome.numbers
      #expect(numbers.count == 1 + ImageOutcome.numberCount)
      let back = ImageOutcome(numbers: numbers[1...])
      #expect(back.loss == outcome.loss && back.answer == outcome.answer)
    }
    let none = ImageOutcome(numbers: ImageOutcome(loss: .nan, answer: nil).numbers[...])
    #expect(none.loss.isNaN && none.answer == nil)
  }
}
