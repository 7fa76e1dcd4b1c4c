import Classification
import Compute
import Foundation
import Parameters
import ReferenceArithmetic
import Testing

@Suite struct LinearClassifierTests {
  private static let imageCount = 5
  private static let configuration = {
    var configuration = LinearClassifierConfiguration()
    configuration.imageSize = .init(height: 3, width: 4)
    configuration.channels = 2
    configuration.classes = 19
    return configuration
  }()

  /// The loss in double precision, from its formula, and the images that are classed rightly.
  private func reference(_ weight: [Double], _ bias: [Double], _ images: [[Double]], _ labels: [Int]) -> (Double, Int) {
    var (loss, correct) = (0.0, 0)
    for (image, label) in zip(images, labels) {
      let logits = bias.indices.map { row in
        bias[row] + zip(image, weight[row * image.count..<(row + 1) * image.count]).reduce(0) { $0 + $1.0 * $1.1 }
      }
      loss += log(logits.reduce(0) { $0 + exp($1) }) - logits[label]
      correct += logits.indices.allSatisfy { $0 == label || logits[$0] < logits[label] } ? 1 : 0
    }
    return (loss, correct)
  }

  private struct Case {
    let model = LinearClassifier(configuration)
    let memory = ClassifierMemory(imageCount: imageCount, configuration)
    let parameters: [Float]
    let labels: [Int]

    init(seed: Int) {
      var stream = RandomStream(seed: 5, purpose: .initialization, sample: seed)
      parameters = (0..<model.table.arenaCount).map { _ in Float(stream.normal() * 0.3) }
      labels = (0..<imageCount).map { _ in Int(stream.integer(below: UInt32(configuration.classes))) }
      for image in 0..<imageCount {
        memory.labels[image] = labels[image]
        for value in 0..<configuration.imageValues { memory.images[image, value] = Float(stream.normal()) }
      }
    }

    func parameter(_ name: String) -> [Double] {
      parameters[model.table.specs.first { $0.name == name }!.range].map(Double.init)
    }
    var images: [[Double]] { (0..<imageCount).map { memory.images.row($0).array.map(Double.init) } }
  }

  @Test(arguments: 0..<4) func lossAndGradientAreThoseOfTheFormula(seed: Int) throws {
    let sample = Case(seed: seed)
    let (weight, bias) = (sample.parameter("head.weight"), sample.parameter("head.bias"))
    let arena = AlignedBuffer(sample.parameters)
    defer { extendLifetime(arena) }
    let (loss, correct) = sample.model.forward(parameters: arena.all, memory: sample.memory)
    let expected = reference(weight, bias, sample.images, sample.labels)
    #expect(correct == expected.1)
    // A logit is a chain of 25 roundings of terms below 10, and the softmax adds some more: 50 ulps of 16 an image.
    #expect(abs(loss - expected.0) <= 5 * 50 * 16 * 0x1p-24)

    let gradient = Gradient(sample.model.table)
    sample.model.backward(memory: sample.memory, receiver: gradient)
    let gaps = sample.model.table.groups[0].gaps
    #expect(gaps.allSatisfy { gap in gradient.floats[gap].allSatisfy { $0 == 0 } })
    // Central differences with step h err by h²/6 of the third derivative, below 1 for these sizes, and by the rounding
    // of doubles over h.
    let step = 1e-4
    for (name, values) in [("head.weight", weight), ("head.bias", bias)] {
      let range = try #require(sample.model.table.specs.first { $0.name == name }).range
      for index in values.indices {
        func moved(_ by: Double) -> Double {
          var (weight, bias) = (weight, bias)
          if name == "head.weight" { weight[index] += by } else { bias[index] += by }
          return reference(weight, bias, sample.images, sample.labels).0
        }
        let difference = (moved(step) - moved(-step)) / (2 * step)
        let found = Double(gradient.floats[range.lowerBound + index])
        #expect(abs(found - difference) <= 5 * 100 * 8 * 0x1p-24, "\(name) \(index): \(found), \(difference)")
      }
    }
  }

  @Test func whatIsNoNumberReachesTheLossAndIsNoRightAnswer() {
    let sample = Case(seed: 9)
    sample.memory.images[2, 3] = .nan
    let arena = AlignedBuffer(sample.parameters)
    defer { extendLifetime(arena) }
    let (loss, correct) = sample.model.forward(parameters: arena.all, memory: sample.memory)
    #expect(loss.isNaN)
    #expect(correct < Self.imageCount)
  }
}

/// Keeps the whole gradient; what it holds at first is no number.
private final class Gradient: GradientReceiver {
  private let table: ParameterTable
  private let buffer: AlignedBuffer<Float>

  init(_ table: ParameterTable) {
    self.table = table
    buffer = AlignedBuffer(repeating: .nan, count: table.arenaCount)
  }

  func memory(for group: Int) -> Vector { buffer.all[table.groups[group].range] }
  func finished(group: Int) {}
  var floats: [Float] { buffer.all.array }
}
