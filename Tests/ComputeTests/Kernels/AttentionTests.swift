import Compute
import ReferenceArithmetic
import Testing

@Suite struct AttentionTests {
  struct Case: Sendable, CustomStringConvertible {
    let queries: Int
    let keys: Int
    let heads: Int
    let headWidth: Int
    var width: Int { heads * headWidth }
    var description: String { "\(queries) queries, \(keys) keys, \(heads) heads of \(headWidth)" }

    static let all = [
      Case(queries: 5, keys: 5, heads: 1, headWidth: 7), Case(queries: 3, keys: 19, heads: 3, headWidth: 5),
      Case(queries: 1, keys: 1, heads: 2, headWidth: 3), Case(queries: 20, keys: 37, heads: 2, headWidth: 24),
    ]
    static let small = Case(queries: 3, keys: 7, heads: 2, headWidth: 3)
  }

  @Test(arguments: Case.all) func forward(_ shape: Case) {
    var first: [UInt32]?
    for placement in Placement.all {
      let data = Data(shape, placement)
      let reference = referenceAttention(data.tensors(of: Rounded.self))
      #expect(deviation(of: data.output.values, from: reference.output.values) <= 1)
      #expect(data.output.bits == first ?? data.output.bits, "\(placement)")
      #expect(data.output.frameIsIntact, "\(placement)")
      first = data.output.bits
    }
  }

  @Test(arguments: Case.all) func backward(_ shape: Case) {
    var first: [[UInt32]]?
    for placement in Placement.all {
      let data = Data(shape, placement)
      let dQuery = FramedMatrix(rows: shape.queries, columns: shape.width, placement, seed: 7)
      let dKey = FramedMatrix(rows: shape.keys, columns: shape.width, placement, seed: 8)
      let dValue = FramedMatrix(rows: shape.keys, columns: shape.width, placement, seed: 9)
      let reference = referenceAttentionBackward(data.tensors(of: Rounded.self), upstream: data.upstream.grid())
      attentionBackward(
        queryGradient: dQuery.view, keyGradient: dKey.view, valueGradient: dValue.view,
        outputGradient: data.upstream.view, query: data.query.view, key: data.key.view, value: data.value.view,
        maximum: data.maximum.view, inverseSum: data.inverseSum.view, scratch: data.scratch)
      #expect(deviation(of: dQuery.values, from: reference.query.values) <= 1)
      #expect(deviation(of: dKey.values, from: reference.key.values) <= 1)
      #expect(deviation(of: dValue.values, from: reference.value.values) <= 1)
      let bits = [dQuery.bits, dKey.bits, dValue.bits]
      #expect(bits == first ?? bits, "\(placement)")
      #expect(dQuery.frameIsIntact && dKey.frameIsIntact && dValue.frameIsIntact, "\(placement)")
      first = bits
    }
  }

  @Test func backwardReferenceIsTheSlopeOfForward() {
    let data = Data(.small, .aligned)
    let tensors = data.tensors(of: Double.self)
    let upstream = data.upstream.doubles
    func slopes(_ path: WritableKeyPath<AttentionTensors<Double>, Grid<Double>>) -> [Slope] {
      gradient(at: tensors[keyPath: path].values) { moved in
        var changed = tensors
        changed[keyPath: path].values = moved
        return Double.dot(referenceAttention(changed).output.values, upstream)
      }
    }
    let analytic = referenceAttentionBackward(data.tensors(of: Rounded.self), upstream: data.upstream.grid())
    #expect(deviation(of: analytic.query.values, from: slopes(\.query)) <= 1)
    #expect(deviation(of: analytic.key.values, from: slopes(\.key)) <= 1)
    #expect(deviation(of: analytic.value.values, from: slopes(\.value)) <= 1)
  }

  /// The model hands out columns of one matrix of [rows, 3D]: the same numbers must come of them.
  @Test func columnsOfOneMatrixGiveTheSameBits() {
    let shape = Case(queries: 11, keys: 11, heads: 3, headWidth: 5)
    let apart = Data(shape, .aligned)
    let width = shape.width
    let joined = FramedMatrix(rows: shape.keys, columns: 3 * width)
    defer { extendLifetime(joined) }
    let parts = (0..<3).map { joined.view.columns($0 * width..<($0 + 1) * width) }
    for (part, source) in zip(parts, [apart.query, apart.key, apart.value]) {
      copyRows(output: part, input: source.view)
    }
    let output = FramedMatrix(rows: shape.queries, columns: width)
    attentionForward(
      output: output.view, maximum: apart.maximum.view, inverseSum: apart.inverseSum.view, query: parts[0],
      key: parts[1], value: parts[2], scratch: apart.scratch)
    #expect(output.bits == apart.output.bits)
  }

  /// Inputs, and what forward makes of them.
  struct Data {
    let shape: Case
    let query, key, value, upstream, output, maximum, inverseSum: FramedMatrix
    let scratch: AttentionScratch<Float>
    private let scratchMemory: FramedMatrix

    init(_ shape: Case, _ placement: Placement) {
      self.shape = shape
      query = FramedMatrix(rows: shape.queries, columns: shape.width, placement, seed: 1, scale: 1.5)
      key = FramedMatrix(rows: shape.keys, columns: shape.width, placement, seed: 2, scale: 1.5)
      value = FramedMatrix(rows: shape.keys, columns: shape.width, placement, seed: 3)
      upstream = FramedMatrix(rows: shape.queries, columns: shape.width, placement, seed: 4)
      output = FramedMatrix(rows: shape.queries, columns: shape.width, placement)
      maximum = FramedMatrix(rows: shape.heads, columns: shape.queries, placement)
      inverseSum = FramedMatrix(rows: shape.heads, columns: shape.queries, placement)
      var measuring = ArenaAllocator.measuring
      _ = AttentionScratch<Float>(queries: shape.queries, keys: shape.keys, headWidth: shape.headWidth, &measuring)
      scratchMemory = FramedMatrix(
        rows: 1, columns: measuring.count, placement, values: Array(repeating: .nan, count: measuring.count))
      var allocator = ArenaAllocator(scratchMemory.vector)
      scratch = AttentionScratch(queries: shape.queries, keys: shape.keys, headWidth: shape.headWidth, &allocator)
      attentionForward(
        output: output.view, maximum: maximum.view, inverseSum: inverseSum.view, query: query.view, key: key.view,
        value: value.view, scratch: scratch)
    }

    func tensors<Number: Real>(of: Number.Type) -> AttentionTensors<Number> {
      AttentionTensors(heads: shape.heads, query: query.grid(), key: key.grid(), value: value.grid())
    }
  }
}

struct AttentionTensors<Number: Real> {
  let heads: Int
  var query, key, value: Grid<Number>

  var scale: Number { Number(1.0) / Number(Double(query.columns / heads)).squareRoot() }

  /// The tensors of one head.
  func head(_ index: Int) -> AttentionTensors {
    let width = query.columns / heads
    let columns = index * width..<(index + 1) * width
    return AttentionTensors(
      heads: 1, query: query.columns(columns), key: key.columns(columns), value: value.columns(columns))
  }
}

func referenceAttention<Number: Real & Comparable>(
  _ tensors: AttentionTensors<Number>
) -> (output: Grid<Number>, probabilities: [Grid<Number>]) {
  let width = tensors.query.columns / tensors.heads
  var output = tensors.query
  let probabilities = (0..<tensors.heads).map { index in
    let head = tensors.head(index)
    let scores = Grid(rows: head.query.rows, columns: head.key.rows) {
      Number.dot(head.query.row($0), head.key.row($1))
    }
    let probabilities = referenceSoftmax(scores, scale: tensors.scale)
    for row in 0..<output.rows {
      for column in 0..<width {
        output[row, index * width + column] = .dot(probabilities.row(row), head.value.column(column))
      }
    }
    return probabilities
  }
  return (output, probabilities)
}

func referenceAttentionBackward(
  _ tensors: AttentionTensors<Rounded>, upstream: Grid<Rounded>
) -> AttentionTensors<Rounded> {
  let width = tensors.query.columns / tensors.heads
  var gradients = tensors
  for (index, probabilities) in referenceAttention(tensors).probabilities.enumerated() {
    let head = tensors.head(index)
    let dy = upstream.columns(index * width..<(index + 1) * width)
    let dp = Grid(rows: dy.rows, columns: head.key.rows) { Rounded.dot(dy.row($0), head.value.row($1)) }
    let ds = referenceSoftmaxBackward(dp: dp, probabilities: probabilities, scale: tensors.scale)
    for column in 0..<width {
      for row in 0..<dy.rows {
        gradients.query[row, index * width + column] = .dot(ds.row(row), head.key.column(column))
      }
      for row in 0..<head.key.rows {
        gradients.key[row, index * width + column] = .dot(ds.column(row), head.query.column(column))
        gradients.value[row, index * width + column] = .dot(probabilities.column(row), dy.column(column))
      }
    }
  }
  return gradients
}
