/// The eigenvalues of a symmetric matrix in no particular order, in double precision: Householder's reduction to three
/// diagonals, then the QL method with implicit shifts (Wilkinson and Reinsch, "Handbook for Automatic Computation", vol. II,
/// 1971, II/2 and II/4).
///
/// - Parameters:
///   - matrix: [count, count], row after row; used up. Its values' squares must neither overflow nor vanish.
/// - Complexity: 4/3·count³ multiplications.
func symmetricEigenvalues(_ matrix: consuming [Double], count: Int) -> [Double] {
  precondition(matrix.count == count * count, "a square matrix")
  var (diagonal, beside) = reducedToThreeDiagonals(matrix, count: count)
  for first in 0..<count {
    // Each eigenvalue takes two or three turns; more than fifty have never been seen to be needed.
    for _ in 0..<200 {
      var last = first
      while last < count - 1,
        abs(beside[last]) > Double.ulpOfOne / 2 * (abs(diagonal[last]) + abs(diagonal[last + 1]))
      {
        last += 1
      }
      if last == first { break }
      turn(&diagonal, &beside, first, last)
    }
  }
  return diagonal
}

/// One step of the QL method on the rows `first`…`last`, which no zero parts.
private func turn(_ diagonal: inout [Double], _ beside: inout [Double], _ first: Int, _ last: Int) {
  var shift = (diagonal[first + 1] - diagonal[first]) / (2 * beside[first])
  let root = length(shift, 1)
  shift = diagonal[last] - diagonal[first] + beside[first] / (shift + (shift < 0 ? -root : root))
  var (sine, cosine, sum) = (1.0, 1.0, 0.0)
  for index in (first..<last).reversed() {
    let (turned, kept) = (sine * beside[index], cosine * beside[index])
    let radius = length(turned, shift)
    beside[index + 1] = radius
    if radius == 0 {
      diagonal[index + 1] -= sum
      beside[last] = 0
      return
    }
    (sine, cosine) = (turned / radius, shift / radius)
    let lower = diagonal[index + 1] - sum
    let change = (diagonal[index] - lower) * sine + 2 * cosine * kept
    sum = sine * change
    diagonal[index + 1] = lower + sum
    shift = cosine * change - kept
  }
  diagonal[first] -= sum
  beside[first] = shift
  beside[last] = 0
}

/// The diagonal of a matrix with the same eigenvalues that has but three diagonals, and what lies beside it, with a zero at
/// the end.
private func reducedToThreeDiagonals(
  _ matrix: consuming [Double], count: Int
) -> (diagonal: [Double], beside: [Double]) {
  var matrix = matrix
  var beside = [Double](repeating: 0, count: count)
  var vector = beside
  var product = beside
  for column in 0..<max(0, count - 2) {
    let rest = column + 1..<count
    let squares = rest.reduce(0.0) { $0 + matrix[$1 * count + column] * matrix[$1 * count + column] }
    let head = matrix[(column + 1) * count + column]
    let norm = squares.squareRoot()
    beside[column] = head > 0 ? -norm : norm
    guard norm > 0 else { continue }
    for row in rest { vector[row] = matrix[row * count + column] }
    vector[column + 1] = head - beside[column]
    // Half of the reflector's squared length.
    let half = squares - head * beside[column]
    for row in rest {
      var sum = 0.0
      for other in rest { sum += matrix[row * count + other] * vector[other] }
      product[row] = sum / half
    }
    let mean = rest.reduce(0.0) { $0 + vector[$1] * product[$1] } / (2 * half)
    for row in rest { product[row] -= mean * vector[row] }
    for row in rest {
      let (own, other) = (vector[row], product[row])
      for place in rest { matrix[row * count + place] -= own * product[place] + other * vector[place] }
    }
  }
  if count > 1 { beside[count - 2] = matrix[(count - 1) * count + count - 2] }
  return ((0..<count).map { matrix[$0 * count + $0] }, beside)
}

/// √(a² + b²).
private func length(_ a: Double, _ b: Double) -> Double { (a * a + b * b).squareRoot() }
