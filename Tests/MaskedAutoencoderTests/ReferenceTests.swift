import Compute
import MaskedAutoencoder
import ReferenceArithmetic
import Testing
import VisionTransformer

/// Loss and gradient of the whole model against a reference that shares neither code nor shortcuts with it, and whose
/// gradients are central differences: no rule of differentiation enters.
@Suite struct ReferenceTests {
  enum Case: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case landscape, grey, fiveChannels, fewVisible, oneRow

    var testDescription: String { rawValue }

    var configuration: ModelConfiguration {
      switch self {
      case .landscape:
        sample((8, 12), patch: 4, channels: 3, ratio: 0.5, encoder: (20, 2, 5, 4), decoder: (12, 1, 3, 4))
      case .grey:
        sample(
          (9, 15), patch: 3, channels: 1, ratio: 0.75, normalizes: false, encoder: (12, 1, 2, 2),
          decoder: (20, 2, 5, 2))
      case .fiveChannels:
        sample((6, 6), patch: 2, channels: 5, ratio: 0.4, encoder: (8, 3, 1, 2), decoder: (20, 1, 2, 1.5))
      case .fewVisible:
        sample((10, 8), patch: 2, channels: 3, ratio: 0.9, encoder: (12, 1, 3, 2), decoder: (8, 2, 4, 2))
      case .oneRow:
        sample((4, 20), patch: 4, channels: 1, ratio: 0.6, encoder: (16, 2, 4, 2), decoder: (12, 2, 1, 3))
      }
    }
  }

  /// So many evaluations with rounding noise tell its deviation.
  static let noises: ClosedRange<UInt64> = 1...8
  /// Student's t of eight degrees of freedom leaves one in a million outside of ±13.3 measured deviations.
  static let quantile = 13.3

  @Test(arguments: Case.allCases) func lossAgrees(_ sample: Case) {
    let model = SampleModel(sample.configuration)
    let (images, noise) = (model.images, model.noise)
    var exact = model.reference
    let loss = exact.loss(images: images, noise: noise)
    let errors = Self.noises.map { seed in
      var noisy = model.reference
      noisy.rounding = RoundingNoise(seed: seed)
      return noisy.loss(images: images, noise: noise) - loss
    }
    #expect(abs(model.forward() - loss) <= Self.quantile * rootMeanSquare(errors))
  }

  @Test(arguments: Case.allCases) func everyGradientAgrees(_ sample: Case) {
    let model = SampleModel(sample.configuration)
    _ = model.forwardAndBackward()
    let reference = Differences(model)
    for (index, spec) in model.table.specs.enumerated() {
      let gradient = model.gradient.all[spec.range].array.map(Double.init)
      var stream = RandomStream(seed: 5, purpose: .crop, sample: index)
      let drawn = gradient.map { _ in stream.normal() }
      let length = drawn.reduce(0) { $0 + $1 * $1 }.squareRoot()
      var directions = [drawn.map { $0 / length }]
      var single = Array(repeating: 0.0, count: gradient.count)
      single[Int(stream.integer(below: UInt32(single.count)))] = 1
      directions.append(single)
      for direction in directions {
        let expected = reference.slope(of: spec.name, along: direction)
        let found = zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(abs(found - expected.value) <= expected.error, "\(spec.name): \(found), not \(expected)")
      }
    }
  }

  /// Directional derivatives of the reference's loss.
  struct Differences {
    let reference: ReferenceModel
    let images: [[Double]]
    let noise: [[Float]]

    init(_ model: SampleModel) {
      (reference, images, noise) = (model.reference, model.images, model.noise)
    }

    /// The slope, and how far single precision may stray from it.
    func slope(of name: String, along direction: [Double]) -> Slope {
      let step = 0x1p-9
      func value(at distance: Double, _ rounding: RoundingNoise) -> Double {
        var moved = reference
        moved.rounding = rounding
        moved.parameters[name] = zip(reference.parameters[name]!, direction).map { $0 + distance * $1 }
        return moved.loss(images: images, noise: noise)
      }
      func difference(_ rounding: RoundingNoise) -> Double {
        (value(at: step, rounding) - value(at: -step, rounding)) / (2 * step)
      }
      let exact = ReferenceArithmetic.slope(step: step) { value(at: $0, .none) }
      let plain = difference(.none)
      let errors = noises.map { difference(RoundingNoise(seed: $0)) - plain }
      return Slope(value: exact.value, error: exact.error + quantile * rootMeanSquare(errors))
    }
  }
}

func rootMeanSquare(_ values: [Double]) -> Double {
  (values.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot()
}

/// A model's configuration; transformers are (width, depth, heads, MLP ratio).
func sample(
  _ size: (height: Int, width: Int), patch: Int, channels: Int, ratio: Double, normalizes: Bool = true,
  encoder: (Int, Int, Int, Double), decoder: (Int, Int, Int, Double)
) -> ModelConfiguration {
  var model = ModelConfiguration()
  model.imageSize = GridSize(height: size.height, width: size.width)
  model.patchSize = patch
  model.channels = channels
  model.maskRatio = ratio
  model.normalizesPixels = normalizes
  model.encoder = TransformerConfiguration(
    width: encoder.0, depth: encoder.1, heads: encoder.2, mlpRatio: encoder.3)
  model.decoder = TransformerConfiguration(
    width: decoder.0, depth: decoder.1, heads: decoder.2, mlpRatio: decoder.3)
  return model
}
