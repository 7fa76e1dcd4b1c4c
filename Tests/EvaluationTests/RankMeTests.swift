import Compute
import Testing

@testable import Evaluation

@Suite struct RankMeTests {
  /// With NumPy's singular values. The products of 256 rows are in single precision: relative to the largest eigenvalue they
  /// are off by less than 2⁻¹⁶. The smallest singular value of this data is a third of the largest, so that singular values
  /// are off by less than 7e-5 of themselves, and the rank by less than three times that.
  @Test func asNumPyHasIt() throws {
    let oracle = try Oracle()
    defer { extendLifetime(oracle) }
    let theirs = Double(try oracle.floats("rank_me")[0])
    #expect(abs(rankMe(oracle.trainRows) - theirs) <= 2.1e-4 * theirs)
  }

  @Test func ofKnownRanks() {
    // Orthogonal rows of equal length: all directions are equal.
    var values = [Float](repeating: 0, count: 8 * 8)
    for index in 0..<8 { values[index * 8 + index] = 3 }
    let orthogonal = AlignedBuffer<Float>(values)
    let collapsed = AlignedBuffer<Float>((0..<40).map { Float($0 % 8 + 1) })
    let nothing = AlignedBuffer<Float>(repeating: 0, count: 8)
    defer {
      extendLifetime(orthogonal)
      extendLifetime(collapsed)
      extendLifetime(nothing)
    }
    #expect(abs(rankMe(orthogonal.all.reshaped(rows: 8, columns: 8)) - 8) < 1e-4)
    // A single direction, with the rounding of single precision and 10⁻⁷ in each other one.
    #expect(rankMe(collapsed.all.reshaped(rows: 5, columns: 8)) < 1.02)
    #expect(rankMe(nothing.all.reshaped(rows: 2, columns: 4)) == 1)
  }

  /// The matrix of the second difference has the eigenvalues 2 − 2·cos(k·π/(n + 1)); a diagonal one has its diagonal.
  @Test(arguments: [1, 2, 3, 17]) func eigenvaluesOfKnownMatrices(count: Int) {
    var second = [Double](repeating: 0, count: count * count)
    var diagonal = second
    for index in 0..<count {
      second[index * count + index] = 2
      diagonal[index * count + index] = Double(index * 5 % count)
      if index > 0 { second[index * count + index - 1] = -1 }
      if index < count - 1 { second[index * count + index + 1] = -1 }
    }
    let expected = (1...count).map { 2 - 2 * Elementary.cos(Double($0) * Double.pi / Double(count + 1)) }
    for (ours, theirs) in zip(symmetricEigenvalues(second, count: count).sorted(), expected) {
      #expect(abs(ours - theirs) <= Double(count) * 8 * Double.ulpOfOne)
    }
    #expect(
      symmetricEigenvalues(diagonal, count: count).sorted() == (0..<count).map { Double($0 * 5 % count) }.sorted())
  }

  /// A full matrix: trace and sum of squares are those of its eigenvalues.
  @Test func eigenvaluesOfAFullMatrix() {
    let count = 30
    var matrix = [Double](repeating: 0, count: count * count)
    for row in 0..<count {
      for column in 0...row {
        let value = Double((row * 37 + column * 101) % 29) / 29 - 0.5
        (matrix[row * count + column], matrix[column * count + row]) = (value, value)
      }
    }
    let eigenvalues = symmetricEigenvalues(matrix, count: count)
    let trace = (0..<count).reduce(0.0) { $0 + matrix[$1 * count + $1] }
    let squares = matrix.reduce(0) { $0 + $1 * $1 }
    #expect(abs(eigenvalues.reduce(0, +) - trace) <= 1e-12 * squares)
    #expect(abs(eigenvalues.reduce(0) { $0 + $1 * $1 } - squares) <= 1e-12 * squares)
  }
}
