import Compute
import Foundation
import Testing

/// Against values that mpmath has rounded correctly (`Fixtures/make_functions.py`), bit for bit.
@Suite struct ElementaryFunctionsTests {
  @Test func everyValueIsCorrectlyRounded() throws {
    let url = try #require(Bundle.module.url(forResource: "Fixtures/functions", withExtension: "txt"))
    let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
    #expect(lines.count > 3000)
    for line in lines {
      let fields = line.split(separator: " ")
      let numbers = try fields.dropFirst().map { try #require(Double($0)) }
      let value =
        switch fields[0] {
        case "exp": Elementary.exp(numbers[0])
        case "log": Elementary.log(numbers[0])
        case "sin": Elementary.sin(numbers[0])
        case "cos": Elementary.cos(numbers[0])
        case "pow": Elementary.pow(numbers[0], numbers[1])
        default: Elementary.pow(numbers[0], Int(numbers[1]))
        }
      #expect(value == numbers.last, "\(line)")
    }
  }
}
