import Compute
import ReferenceArithmetic
import Testing

@Suite struct LinearTests {
  struct Shape: Sendable, CustomStringConvertible {
    let rows: Int
    let inputs: Int
    let outputs: Int
    var description: String { "[\(rows), \(inputs)] to [\(rows), \(outputs)]" }

    static let all = [
      Shape(rows: 1, inputs: 1, outputs: 1), Shape(rows: 5, inputs: 37, outputs: 19),
      Shape(rows: 33, inputs: 17, outputs: 50), Shape(rows: 3, inputs: 700, outputs: 7),
    ]
    static let small = Shape(rows: 4, inputs: 11, outputs: 6)
  }

  @Test(arguments: Shape.all) func forward(_ shape: Shape) {
    for isResidual in [false, true] {
      var first: [UInt32]?
      for placement in Placement.all {
        let data = Data(shape, placement)
        let output = FramedMatrix(rows: shape.rows, columns: shape.outputs, placement, seed: 9)
        let reference = referenceLinear(
          x: data.x.grid(of: Rounded.self), weight: data.weight.grid(), bias: data.bias.grid(),
          residual: isResidual ? data.residual.grid() : nil)
        if isResidual {
          linearForward(
            output: output.view, residual: data.residual.view, input: data.x.view, weight: data.weight.view,
            bias: data.bias.vector)
        } else {
          linearForward(output: output.view, input: data.x.view, weight: data.weight.view, bias: data.bias.vector)
        }
        #expect(deviation(of: output.values, from: reference.values) <= 1)
        #expect(output.bits == first ?? output.bits, "\(placement)")
        #expect(output.frameIsIntact, "\(placement)")
        first = output.bits
      }
    }
  }

  @Test func residualMayBeTheOutput() {
    let data = Data(.small, .aligned)
    let apart = FramedMatrix(rows: Shape.small.rows, columns: Shape.small.outputs)
    linearForward(
      output: apart.view, residual: data.residual.view, input: data.x.view, weight: data.weight.view,
      bias: data.bias.vector)
    linearForward(
      output: data.residual.view, residual: data.residual.view, input: data.x.view, weight: data.weight.view,
      bias: data.bias.vector)
    #expect(data.residual.bits == apart.bits)
  }

  @Test(arguments: Shape.all) func backward(_ shape: Shape) {
    var first: [[UInt32]]?
    for placement in Placement.all {
      let data = Data(shape, placement)
      let dWeight = FramedMatrix(rows: shape.outputs, columns: shape.inputs, placement, seed: 9)
      let dBias = FramedMatrix(rows: 1, columns: shape.outputs, placement, seed: 9)
      let dx = FramedMatrix(rows: shape.rows, columns: shape.inputs, placement, seed: 9)
      let started = dx.grid(of: Rounded.self)
      let reference = referenceLinearBackward(
        dy: data.dy.grid(), x: data.x.grid(), weight: data.weight.grid(of: Rounded.self))

      linearBackward(
        weightGradient: dWeight.view, biasGradient: dBias.vector, outputGradient: data.dy.view, input: data.x.view)
      #expect(deviation(of: dWeight.values, from: reference.dWeight.values) <= 1)
      #expect(deviation(of: dBias.values, from: reference.dBias) <= 1)

      linearBackward(
        inputGradient: dx.view, outputGradient: data.dy.view, weight: data.weight.view, adding: true)
      // What was there may be the first summand or the last.
      let (dy, weight) = (data.dy.grid(of: Rounded.self), data.weight.grid(of: Rounded.self))
      let added = Grid(rows: shape.rows, columns: shape.inputs) { row, column in
        Rounded.sum([started[row, column]] + zip(dy.row(row), weight.column(column)).map { $0 * $1 })
      }
      #expect(deviation(of: dx.values, from: added.values) <= 1)
      linearBackward(inputGradient: dx.view, outputGradient: data.dy.view, weight: data.weight.view)
      #expect(deviation(of: dx.values, from: reference.dx.values) <= 1)

      let bits = [dWeight.bits, dBias.bits, dx.bits]
      #expect(bits == first ?? bits, "\(placement)")
      #expect(dWeight.frameIsIntact && dBias.frameIsIntact && dx.frameIsIntact, "\(placement)")
      first = bits
    }
  }

  @Test func backwardReferenceIsTheSlopeOfForward() {
    let data = Data(.small, .aligned)
    let (x, weight, bias) = (
      data.x.grid(of: Double.self), data.weight.grid(of: Double.self), data.bias.grid(of: Double.self)
    )
    let dy = data.dy.doubles
    func value(_ x: Grid<Double>, _ weight: Grid<Double>, _ bias: Grid<Double>) -> Double {
      Double.dot(referenceLinear(x: x, weight: weight, bias: bias, residual: nil).values, dy)
    }
    let analytic = referenceLinearBackward(
      dy: data.dy.grid(), x: data.x.grid(), weight: data.weight.grid(of: Rounded.self))
    let overX = gradient(at: x.values) { value(Grid(rows: x.rows, columns: x.columns, $0), weight, bias) }
    let overWeight = gradient(at: weight.values) {
      value(x, Grid(rows: weight.rows, columns: weight.columns, $0), bias)
    }
    let overBias = gradient(at: bias.values) { value(x, weight, Grid(rows: 1, columns: bias.columns, $0)) }
    #expect(deviation(of: analytic.dx.values, from: overX) <= 1)
    #expect(deviation(of: analytic.dWeight.values, from: overWeight) <= 1)
    #expect(deviation(of: analytic.dBias, from: overBias) <= 1)
  }

  struct Data {
    let x, weight, bias, residual, dy: FramedMatrix

    init(_ shape: Shape, _ placement: Placement) {
      x = FramedMatrix(rows: shape.rows, columns: shape.inputs, placement, seed: 1)
      weight = FramedMatrix(rows: shape.outputs, columns: shape.inputs, placement, seed: 2, scale: 0.3)
      bias = FramedMatrix(rows: 1, columns: shape.outputs, placement, seed: 3)
      residual = FramedMatrix(rows: shape.rows, columns: shape.outputs, placement, seed: 4)
      dy = FramedMatrix(rows: shape.rows, columns: shape.outputs, placement, seed: 5)
    }
  }
}

/// y = x·Wᵀ + b (+ r), each element one sum over the products and what was there before them.
func referenceLinear<Number: Real>(
  x: Grid<Number>, weight: Grid<Number>, bias: Grid<Number>, residual: Grid<Number>?
) -> Grid<Number> {
  Grid(rows: x.rows, columns: weight.rows) { row, column in
    let start = residual.map { $0[row, column] + bias[0, column] } ?? bias[0, column]
    return .sum([start] + zip(x.row(row), weight.row(column)).map { $0 * $1 })
  }
}

func referenceLinearBackward(
  dy: Grid<Rounded>, x: Grid<Rounded>, weight: Grid<Rounded>
) -> (dx: Grid<Rounded>, dWeight: Grid<Rounded>, dBias: [Rounded]) {
  (
    Grid(rows: x.rows, columns: x.columns) { .dot(dy.row($0), weight.column($1)) },
    Grid(rows: weight.rows, columns: weight.columns) { .dot(dy.column($0), x.column($1)) },
    (0..<dy.columns).map { .sum(dy.column($0)) }
  )
}
