import Compute
import MaskedAutoencoder
import VisionTransformer

/// How fast this machine makes what lies between a model's products, forward and backward: GELU, softmax and layer norms.
public struct FunctionBenchmark {
  /// Elements a second, over all threads, in 10⁹.
  public let gigaelements: Double

  /// Runs those of one image on each of `threads` threads at once, and keeps the median of `repetitions`.
  public init(model: ModelConfiguration, threads: Int, precision: Precision = .fp32, repetitions: Int = 5) throws {
    let functions = blockFunctions(of: model)
    let seconds =
      switch precision {
      case .fp32: try FunctionBenchmark.seconds(functions, threads, repetitions, of: Float.self)
      case .bf16: try FunctionBenchmark.seconds(functions, threads, repetitions, of: BFloat16.self)
      }
    gigaelements = Double(threads) * model.functionElementsPerImage / seconds / 1e9
  }

  private static func seconds<Element: StoredElement>(
    _ functions: [BlockFunctions], _ threads: Int, _ repetitions: Int, of: Element.Type
  ) throws -> Double {
    let count = functions.map(\.largest).max()!
    let stored = AlignedBuffer<Element>(repeating: Element(0.5), count: threads * 2 * count)
    defer { extendLifetime(stored) }
    let floats = AlignedBuffer<Float>(repeating: 0.5, count: threads * 6 * count)
    defer { extendLifetime(floats) }
    let (elements, numbers) = (stored.all, floats.all)
    let pool = try WorkerPool(count: threads)
    var times: [Double] = []
    for repetition in 0...repetitions {
      let start = ContinuousClock.now
      pool.run { worker in
        for function in functions {
          function.run(
            elements[worker * 2 * count..<(worker + 1) * 2 * count],
            numbers[worker * 6 * count..<(worker + 1) * 6 * count])
        }
      }
      // The first run brings the memory in.
      if repetition > 0 { times.append((ContinuousClock.now - start) / .seconds(1)) }
    }
    return median(times)
  }
}

extension ModelConfiguration {
  /// Elements that an image takes through GELU, softmax and layer norms, each counted once for forward and backward
  /// together.
  public var functionElementsPerImage: Double { blockFunctions(of: self).reduce(0) { $0 + $1.elements } }
}

private func blockFunctions(of model: ModelConfiguration) -> [BlockFunctions] {
  [
    BlockFunctions(model.encoder, tokens: 1 + model.visibleCount),
    BlockFunctions(model.decoder, tokens: 1 + model.patchCount),
  ]
}

/// The functions of one transformer for one image.
private struct BlockFunctions {
  let transformer: TransformerConfiguration
  let tokens: Int

  init(_ transformer: TransformerConfiguration, tokens: Int) {
    (self.transformer, self.tokens) = (transformer, tokens)
  }

  private var hidden: Int { tokens * transformer.hiddenWidth }
  private var stream: Int { tokens * transformer.width }
  private var paddedTokens: Int { (tokens + 15) / 16 * 16 }

  var elements: Double {
    Double(transformer.depth * (hidden + transformer.heads * tokens * tokens + 2 * stream))
  }

  /// The most elements that one of them takes.
  var largest: Int { max(hidden, stream, tokens * paddedTokens) }

  /// - Parameters:
  ///   - elements: two times `largest`.
  ///   - numbers: six times `largest`.
  func run<Element: StoredElement>(_ elements: VectorView<Element>, _ numbers: Vector) {
    let (elementCount, numberCount) = (elements.count / 2, numbers.count / 6)
    func element(_ index: Int) -> VectorView<Element> { elements[index * elementCount..<(index + 1) * elementCount] }
    func number(_ index: Int) -> Vector { numbers[index * numberCount..<(index + 1) * numberCount] }
    func scores<Stored>(_ memory: VectorView<Stored>) -> MatrixView<Stored> {
      MatrixView(base: memory.base, rows: tokens, columns: tokens, stride: paddedTokens)
    }
    func stream<Stored>(_ memory: VectorView<Stored>) -> MatrixView<Stored> {
      memory[0..<self.stream].reshaped(rows: tokens, columns: transformer.width)
    }
    let (perRow, perColumn) = (number(4), number(5))
    let (maximum, inverseSum) = (perRow[0..<tokens], number(3)[0..<tokens])
    let (weight, bias) = (perColumn[0..<transformer.width], number(2)[0..<transformer.width])
    for _ in 0..<transformer.depth {
      geluForward(output: element(0)[0..<hidden], input: element(1)[0..<hidden])
      geluBackward(
        inputGradient: element(0)[0..<hidden], output: element(0)[0..<hidden], outputGradient: number(0)[0..<hidden],
        input: element(1)[0..<hidden])
      for _ in 0..<transformer.heads {
        softmaxForward(
          probabilities: scores(element(0)), rows: scores(number(0)), scale: 0.125, maximum: maximum,
          inverseSum: inverseSum)
        softmaxRecompute(
          probabilities: scores(element(0)), rows: scores(number(0)), scale: 0.125, maximum: maximum,
          inverseSum: inverseSum)
        softmaxBackward(
          inputGradient: scores(element(1)), outputGradient: scores(number(1)), probabilities: scores(element(0)),
          scale: 0.125)
      }
      for _ in 0..<2 {
        layerNormForward(
          output: stream(element(0)), mean: maximum, inverseDeviation: inverseSum, input: stream(number(0)),
          weight: weight, bias: bias, epsilon: 1e-6)
        layerNormBackward(
          inputGradient: stream(number(1)), weightGradient: weight, biasGradient: bias,
          outputGradient: stream(number(0)), input: stream(number(0)), weight: weight, mean: maximum,
          inverseDeviation: inverseSum)
      }
    }
  }
}
