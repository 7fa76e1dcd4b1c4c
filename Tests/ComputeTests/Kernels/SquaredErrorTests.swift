import Compute
import ReferenceArithmetic
import Testing

@Suite struct SquaredErrorTests {
  @Test(arguments: [1, 16, 37, 768]) func sumAndGradient(_ count: Int) {
    let scale: Float = 0.0123
    var first: UInt32?
    for placement in Placement.all {
      let p = FramedMatrix(rows: 1, columns: count, placement, seed: 1)
      let t = FramedMatrix(rows: 1, columns: count, placement, seed: 2)
      let differences = zip(p.values, t.values).map { Rounded($0) - Rounded($1) }
      let expected = zip(p.values, t.values).map { ($0 - $1) * scale }
      let sum = squaredError(predictions: p.vector, targets: t.vector, gradientScale: scale)
      #expect(deviation(of: [sum], from: [.dot(differences, differences)]) <= 1)
      #expect(p.values == expected)
      #expect(sum.bitPattern == first ?? sum.bitPattern, "\(placement)")
      #expect(p.frameIsIntact && t.frameIsIntact, "\(placement)")
      first = sum.bitPattern
    }
  }

  @Test func gradientIsTheSlopeOfTheSum() {
    let (count, scale) = (37, 1.0 / 37)
    let (p, t) = (normals(count, seed: 1).map(Double.init), normals(count, seed: 2).map(Double.init))
    let slopes = gradient(at: p) { moved in
      zip(moved, t).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } * scale
    }
    let analytic = zip(p, t).map { (Rounded($0) - Rounded($1)) * Rounded(2 * scale) }
    #expect(deviation(of: analytic, from: slopes) <= 1)
  }
}
