import Compute
import Foundation
import Testing

@Suite struct WeightAverageTests {
  /// Twelve updates of 37 weights for each of four decays, beside timm's `ModelEmaV3` (`Fixtures/make_weight_average.py`): the
  /// same bits, but where torch comes from the other side, as it does with decays below one half.
  @Test func agreesWithTimm() throws {
    let url = try #require(Bundle.module.url(forResource: "Fixtures/weight_average", withExtension: "txt"))
    let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map { $0.split(separator: " ") }
    func floats(_ words: ArraySlice<Substring>) throws -> [Float] {
      try words.map { Float(bitPattern: try #require(UInt32($0, radix: 16))) }
    }
    #expect(lines.count == 4 * 25)
    for first in stride(from: 0, to: lines.count, by: 25) {
      let decay = try #require(Double(lines[first][0]))
      let start = try floats(lines[first][1...])
      let average = FramedMatrix(rows: 1, columns: start.count, values: start)
      // Of the update before there is as much left as the decay says. The difference is rounded alike, to 2 ulp of the larger of
      // the two at most; there its product and then both sums are rounded to half an ulp, and the decay is a float.
      var bound = [Float](repeating: 0, count: start.count)
      var before = start
      for step in 0..<12 {
        let weights = try floats(lines[first + 1 + 2 * step][...])
        let expected = try floats(lines[first + 2 + 2 * step][...])
        let given = FramedMatrix(rows: 1, columns: weights.count, values: weights)
        updateWeightAverage(average: average.vector, weights: given.vector, decay: decay)
        for index in weights.indices {
          bound[index] = bound[index] * Float(decay) + 4 * max(abs(weights[index]), abs(before[index])).ulp
          let difference = abs(average.values[index] - expected[index])
          #expect(difference <= (decay > 0.5 ? 0 : bound[index]), "decay \(decay), step \(step)")
        }
        before = expected
        #expect(average.frameIsIntact && given.values == weights)
      }
    }
  }

  /// What has stopped moving is its own average, to the bit; and with a decay of 0 the average is the weights.
  @Test func limits() {
    let weights = FramedMatrix(rows: 1, columns: 37, seed: 1)
    let average = FramedMatrix(rows: 1, columns: 37, values: weights.values)
    updateWeightAverage(average: average.vector, weights: weights.vector, decay: 0.9998)
    #expect(average.bits == weights.bits)
    let zeros = FramedMatrix(rows: 1, columns: 37, values: Array(repeating: 0, count: 37))
    updateWeightAverage(average: zeros.vector, weights: weights.vector, decay: 0)
    #expect(zeros.bits == weights.bits)
  }
}
