import Foundation
import Testing
import VisionTransformer

@Suite struct PositionsTests {
  /// Width 8 has the frequencies 1 and 1/100. The patch in row 1 and column 2 of a grid of 2 × 3 is the last.
  @Test func byHand() {
    let table = sineCosinePositions(grid: GridSize(height: 2, width: 3), width: 8)
    #expect(table.count == 7 * 8)
    let rows = (0..<7).map { Array(table[$0 * 8..<($0 + 1) * 8]) }
    #expect(rows[0] == Array(repeating: 0, count: 8))
    #expect(rows[1] == [0, 0, 1, 1, 0, 0, 1, 1])
    expectRounded(
      rows[6],
      [
        0.909_297_426_825_681_7, 0.019_998_666_693_333_08, -0.416_146_836_547_142_4, 0.999_800_006_666_577_8,
        0.841_470_984_807_896_5, 0.009_999_833_334_166_664, 0.540_302_305_868_139_8, 0.999_950_000_416_665_3,
      ])
    // Column 2 of row 0, and column 0 of row 1.
    #expect(Array(rows[3][0..<4]) == Array(rows[6][0..<4]) && Array(rows[3][4...]) == [0, 0, 1, 1])
    #expect(Array(rows[4][4...]) == Array(rows[6][4...]) && Array(rows[4][0..<4]) == [0, 0, 1, 1])
  }

  /// The frequencies of width 768 fall from 1 to 10000^(−191/192), whichever patch is looked at.
  @Test func frequenciesOfAWideTable() {
    let (grid, width) = (GridSize(height: 14, width: 14), 768)
    let table = sineCosinePositions(grid: grid, width: width)
    for (x, y) in [(0, 0), (13, 0), (0, 13), (5, 9), (13, 13)] {
      let row = Array(table[(1 + y * 14 + x) * width..<(2 + y * 14 + x) * width])
      var expected: [Double] = []
      for (coordinate, function) in [(x, sin), (x, cos), (y, sin), (y, cos)] as [(Int, (Double) -> Double)] {
        for index in 0..<192 {
          expected.append(function(Double(coordinate) * exp(-log(10_000) * Double(index) / 192)))
        }
      }
      expectRounded(row, expected)
    }
  }

  /// One rounding to single precision; 1e-14 is for angles of up to 13 that two formulas give in double precision.
  private func expectRounded(_ found: [Float], _ expected: [Double], sourceLocation: SourceLocation = #_sourceLocation)
  {
    #expect(found.count == expected.count, sourceLocation: sourceLocation)
    let isClose = zip(found, expected).allSatisfy { abs(Double($0) - $1) <= abs($1) * 0x1p-24 + 1e-14 }
    #expect(isClose, sourceLocation: sourceLocation)
  }
}
