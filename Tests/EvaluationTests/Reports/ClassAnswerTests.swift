import Foundation
import Testing

@testable import Evaluation

@Suite struct ClassAnswerTests {
  /// Logarithms of 1, 8, 2, 8, 4, 1 and 0.5: equal ones in the order of the classes, five of them, and p = 8 / 24.5.
  @Test func softmaxOfLogits() {
    let (answer, logSum) = ClassAnswer.softmax([1, 8, 2, 8, 4, 1, 0.5].map { Foundation.log($0) })
    #expect(answer.classes == [1, 3, 4, 2, 0])
    // Rounding of seven logarithms, seven exponentials and their sum.
    #expect(abs(answer.confidence - 8 / 24.5) < 32 * 0x1p-53)
    #expect(abs(logSum - Foundation.log(24.5)) < 32 * 4 * 0x1p-53)
  }

  @Test func twoClassesAndLargeLogits() {
    let (answer, logSum) = ClassAnswer.softmax([-1e5, 1e5])
    #expect(answer == ClassAnswer(classes: [1, 0], confidence: 1) && logSum == 1e5)
  }
}
