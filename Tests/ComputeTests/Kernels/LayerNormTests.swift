import Compute
import ReferenceArithmetic
import Testing

@Suite struct LayerNormTests {
  /// Rows and columns; and what is added to the input, so that the mean is much larger than the deviation.
  struct Case: Sendable, CustomStringConvertible {
    let rows: Int
    let width: Int
    var mean = 0.0
    var description: String { "[\(rows), \(width)] about \(mean)" }

    static let all = [
      Case(rows: 5, width: 37), Case(rows: 3, width: 16), Case(rows: 2, width: 4), Case(rows: 7, width: 771),
      Case(rows: 3, width: 37, mean: 100),
    ]
  }

  static let epsilon: Float = 1e-6

  @Test(arguments: Case.all) func forward(_ shape: Case) {
    var first: [[UInt32]]?
    for placement in Placement.all {
      let data = Data(shape, placement)
      let reference = data.reference()
      #expect(deviation(of: data.y.values, from: reference.y.values) <= 1)
      #expect(deviation(of: data.mean.values, from: reference.mean) <= 1)
      #expect(deviation(of: data.inverseDeviation.values, from: reference.inverseDeviation) <= 1)
      let bits = [data.y.bits, data.mean.bits, data.inverseDeviation.bits]
      #expect(bits == first ?? bits, "\(placement)")
      let again = FramedMatrix(rows: shape.rows, columns: shape.width, placement)
      layerNormRecompute(
        output: again.view, mean: data.mean.vector, inverseDeviation: data.inverseDeviation.vector, input: data.x.view,
        weight: data.weight.vector, bias: data.bias.vector)
      #expect(again.bits == data.y.bits && again.frameIsIntact, "\(placement)")
      #expect(data.y.frameIsIntact && data.mean.frameIsIntact && data.inverseDeviation.frameIsIntact, "\(placement)")
      first = bits
    }
  }

  @Test func rowsOfOneValueHaveNoDeviation() {
    let (rows, width) = (2, 19)
    let x = FramedMatrix(rows: rows, columns: width, values: Array(repeating: 3, count: rows * width))
    defer { extendLifetime(x) }
    let (y, weight) = (FramedMatrix(rows: rows, columns: width), FramedMatrix(rows: 1, columns: width, seed: 1))
    defer { extendLifetime(weight) }
    let bias = FramedMatrix(rows: 1, columns: width, seed: 2)
    let (mean, rho) = (FramedMatrix(rows: 1, columns: rows), FramedMatrix(rows: 1, columns: rows))
    layerNormForward(
      output: y.view, mean: mean.vector, inverseDeviation: rho.vector, input: x.view, weight: weight.vector,
      bias: bias.vector, epsilon: Self.epsilon)
    #expect(mean.values == [3, 3])
    #expect(y.values == bias.values + bias.values)
    #expect(rho.values.allSatisfy { abs($0 - 1000) <= 1000 * 3 * 0x1p-24 })
  }

  @Test(arguments: Case.all) func backward(_ shape: Case) {
    var first: [[UInt32]]?
    for placement in Placement.all {
      let data = Data(shape, placement)
      let dx = FramedMatrix(rows: shape.rows, columns: shape.width, placement, seed: 6)
      let dWeight = FramedMatrix(rows: 1, columns: shape.width, placement, seed: 7)
      let dBias = FramedMatrix(rows: 1, columns: shape.width, placement, seed: 8)
      let residual = dx.grid(of: Rounded.self)
      let reference = referenceLayerNormBackward(
        dy: data.dy.grid(), x: data.x.grid(), weight: data.weight.grid(), data.reference())
      layerNormBackward(
        inputGradient: dx.view, weightGradient: dWeight.vector, biasGradient: dBias.vector,
        outputGradient: data.dy.view, input: data.x.view, weight: data.weight.vector, mean: data.mean.vector,
        inverseDeviation: data.inverseDeviation.vector)
      #expect(deviation(of: dx.values, from: zip(residual.values, reference.dx.values).map { $0 + $1 }) <= 1)
      #expect(deviation(of: dWeight.values, from: reference.dWeight) <= 1)
      #expect(deviation(of: dBias.values, from: reference.dBias) <= 1)
      let bits = [dx.bits, dWeight.bits, dBias.bits]
      #expect(bits == first ?? bits, "\(placement)")
      #expect(dx.frameIsIntact && dWeight.frameIsIntact && dBias.frameIsIntact, "\(placement)")
      first = bits
    }
  }

  @Test(arguments: Case.all.prefix(3)) func backwardReferenceIsTheSlopeOfForward(_ shape: Case) {
    let data = Data(shape, .aligned)
    let (x, weight, bias) = (
      data.x.grid(of: Double.self), data.weight.grid(of: Double.self), data.bias.grid(of: Double.self)
    )
    let dy = data.dy.doubles
    func value(_ x: Grid<Double>, _ weight: Grid<Double>, _ bias: Grid<Double>) -> Double {
      Double.dot(referenceLayerNorm(x: x, weight: weight, bias: bias).y.values, dy)
    }
    let analytic = referenceLayerNormBackward(
      dy: data.dy.grid(), x: data.x.grid(), weight: data.weight.grid(), data.reference())
    let overX = gradient(at: x.values) { value(Grid(rows: x.rows, columns: x.columns, $0), weight, bias) }
    let overWeight = gradient(at: weight.values) { value(x, Grid(rows: 1, columns: x.columns, $0), bias) }
    let overBias = gradient(at: bias.values) { value(x, weight, Grid(rows: 1, columns: x.columns, $0)) }
    #expect(deviation(of: analytic.dx.values, from: overX) <= 1)
    #expect(deviation(of: analytic.dWeight, from: overWeight) <= 1)
    #expect(deviation(of: analytic.dBias, from: overBias) <= 1)
  }

  /// Input, upstream gradient, and what forward makes of them.
  struct Data {
    let x, weight, bias, dy, y, mean, inverseDeviation: FramedMatrix

    init(_ shape: Case, _ placement: Placement) {
      let values = normals(shape.rows * shape.width, seed: 1).map { Float(Double($0) * 2 + shape.mean) }
      x = FramedMatrix(rows: shape.rows, columns: shape.width, placement, values: values)
      weight = FramedMatrix(rows: 1, columns: shape.width, placement, seed: 2)
      bias = FramedMatrix(rows: 1, columns: shape.width, placement, seed: 3)
      dy = FramedMatrix(rows: shape.rows, columns: shape.width, placement, seed: 4)
      y = FramedMatrix(rows: shape.rows, columns: shape.width, placement)
      mean = FramedMatrix(rows: 1, columns: shape.rows, placement)
      inverseDeviation = FramedMatrix(rows: 1, columns: shape.rows, placement)
      layerNormForward(
        output: y.view, mean: mean.vector, inverseDeviation: inverseDeviation.vector, input: x.view,
        weight: weight.vector, bias: bias.vector, epsilon: epsilon)
    }

    func reference() -> ReferenceLayerNorm<Rounded> {
      referenceLayerNorm(x: x.grid(), weight: weight.grid(), bias: bias.grid())
    }
  }
}

struct ReferenceLayerNorm<Number: Real> {
  let y: Grid<Number>
  let mean: [Number]
  let inverseDeviation: [Number]
}

func referenceLayerNorm<Number: Real>(
  x: Grid<Number>, weight: Grid<Number>, bias: Grid<Number>
) -> ReferenceLayerNorm<Number> {
  let mean = (0..<x.rows).map { Number.mean(x.row($0)) }
  let inverseDeviation = (0..<x.rows).map { row in
    let variance = Number.mean(x.row(row).map { ($0 - mean[row]) * ($0 - mean[row]) })
    return Number(1.0) / (variance + Number(LayerNormTests.epsilon)).squareRoot()
  }
  let y = Grid<Number>(rows: x.rows, columns: x.columns) { row, column in
    (x[row, column] - mean[row]) * inverseDeviation[row] * weight[0, column] + bias[0, column]
  }
  return ReferenceLayerNorm(y: y, mean: mean, inverseDeviation: inverseDeviation)
}

func referenceLayerNormBackward(
  dy: Grid<Rounded>, x: Grid<Rounded>, weight: Grid<Rounded>, _ forward: ReferenceLayerNorm<Rounded>
) -> (dx: Grid<Rounded>, dWeight: [Rounded], dBias: [Rounded]) {
  let normalized = Grid<Rounded>(rows: x.rows, columns: x.columns) {
    (x[$0, $1] - forward.mean[$0]) * forward.inverseDeviation[$0]
  }
  let g = Grid<Rounded>(rows: x.rows, columns: x.columns) { dy[$0, $1] * weight[0, $1] }
  let meanGradient = (0..<x.rows).map { Rounded.mean(g.row($0)) }
  let meanProduct = (0..<x.rows).map { row in
    Rounded.mean(zip(g.row(row), normalized.row(row)).map { $0 * $1 })
  }
  return (
    Grid(rows: x.rows, columns: x.columns) { row, column in
      let centered = g[row, column] - meanGradient[row] - normalized[row, column] * meanProduct[row]
      return centered * forward.inverseDeviation[row]
    },
    (0..<x.columns).map { .dot(dy.column($0), normalized.column($0)) },
    (0..<x.columns).map { .sum(dy.column($0)) }
  )
}
