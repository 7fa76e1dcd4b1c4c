import Compute
import Testing

/// The two halves of an MLP around GELU, fused with the products beside them, against the kernels one after another.
@Suite struct HiddenLayerTests {
  /// The last is made a few columns at a time in bfloat16.
  static let shapes = [(rows: 5, inputs: 3, hidden: 7), (33, 20, 70), (7000, 2, 700)]

  @Test(arguments: shapes) func singlePrecision(_ shape: (rows: Int, inputs: Int, hidden: Int)) {
    check(shape, of: Float.self) { $0.bitPattern }
  }

  @Test(arguments: shapes) func bfloat16(_ shape: (rows: Int, inputs: Int, hidden: Int)) {
    check(shape, of: BFloat16.self) { $0.bitPattern }
  }

  private func check<Element: StoredElement, Bits: Equatable>(
    _ shape: (rows: Int, inputs: Int, hidden: Int), of: Element.Type, bits: (Element) -> Bits
  ) {
    let (rows, inputs, hidden) = shape
    let input = matrix(rows, inputs, seed: 1, of: Element.self)
    let weight = matrix(hidden, inputs, seed: 2, of: Element.self)
    let biases = FramedMatrix(rows: 1, columns: hidden, seed: 3)
    let bias = biases.vector
    defer { extendLifetime(biases) }
    let product = AlignedBuffer<Float>(repeating: .nan, count: Element.productCount(rows: rows, columns: hidden))
    defer { extendLifetime(product) }
    let (kept, output) = (Storage<Element>(rows, hidden), Storage<Element>(rows, hidden))
    hiddenForward(
      kept: kept.view, output: output.view, input: input.view, weight: weight.view, bias: bias, product: product.all)

    let (expectedKept, expected) = (Storage<Element>(rows, hidden), Storage<Element>(rows, hidden))
    linearForward(
      output: expectedKept.view, input: input.view, weight: weight.view, bias: bias, product: product.all)
    geluForward(output: expected.view.flat, input: expectedKept.view.flat)
    #expect(kept.view.flat.array.map(bits) == expectedKept.view.flat.array.map(bits))
    #expect(output.view.flat.array.map(bits) == expected.view.flat.array.map(bits))

    // Through the second half: [rows, inputs] upstream, and a weight of [inputs, hidden].
    let back = matrix(inputs, hidden, seed: 4, of: Element.self)
    let (gradient, again) = (Storage<Element>(rows, hidden), Storage<Element>(rows, hidden))
    hiddenBackward(
      hiddenGradient: gradient.view, output: again.view, outputGradient: input.view, weight: back.view,
      kept: kept.view, product: product.all)
    let sums = FramedMatrix(rows: rows, columns: hidden)
    defer { extendLifetime(sums) }
    multiply(.plain(input.view), .plain(back.view), into: sums.view)
    let expectedGradient = Storage<Element>(rows, hidden)
    geluBackward(
      inputGradient: expectedGradient.view.flat, output: expected.view.flat, outputGradient: sums.view.flat,
      input: kept.view.flat)
    #expect(gradient.view.flat.array.map(bits) == expectedGradient.view.flat.array.map(bits))
    #expect(again.view.flat.array.map(bits) == output.view.flat.array.map(bits))
  }

  private func matrix<Element: StoredElement>(
    _ rows: Int, _ columns: Int, seed: UInt64, of: Element.Type
  ) -> Storage<Element> {
    let storage = Storage<Element>(rows, columns)
    for (index, value) in normals(rows * columns, seed: seed).enumerated() {
      storage.view.flat[index] = Element(Float(value))
    }
    return storage
  }

  /// A matrix with memory of its own.
  private final class Storage<Element: StoredElement> {
    let view: MatrixView<Element>
    private let memory: AlignedBuffer<Element>

    init(_ rows: Int, _ columns: Int) {
      memory = AlignedBuffer(repeating: Element(.nan), count: rows * columns)
      view = memory.all.reshaped(rows: rows, columns: columns)
    }
  }
}
