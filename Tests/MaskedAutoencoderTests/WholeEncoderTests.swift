import Compute
import MaskedAutoencoder
import Parameters
import ReferenceArithmetic
import Testing
import VisionTransformer

/// The encoder with a table and a timeline of its own, over every patch of an image: what a classifier trains.
@Suite struct WholeEncoderTests {
  @Test(arguments: ReferenceTests.Case.allCases) func latentAgrees(_ sample: ReferenceTests.Case) {
    let model = WholeEncoder(sample.configuration)
    model.forward()
    var exact = model.reference
    let expected = model.latents(&exact)
    let noisy = ReferenceTests.noises.map { seed in
      var noisy = model.reference
      noisy.rounding = RoundingNoise(seed: seed)
      return model.latents(&noisy)
    }
    let found = model.latent
    #expect(found.count == expected.count)
    for index in found.indices {
      let bound = ReferenceTests.quantile * rootMeanSquare(noisy.map { $0[index] - expected[index] })
      #expect(abs(found[index] - expected[index]) <= bound, "value \(index)")
    }
  }

  /// The gradient of a weighted sum of the latent's values, along a direction drawn at random for each tensor.
  @Test(arguments: ReferenceTests.Case.allCases) func everyGradientAgrees(_ sample: ReferenceTests.Case) {
    let model = WholeEncoder(sample.configuration)
    model.forward()
    model.backward()
    for (index, spec) in model.table.specs.enumerated() {
      let gradient = model.gradient.all[spec.range].array.map(Double.init)
      var stream = RandomStream(seed: 7, purpose: .crop, sample: index)
      let direction = gradient.map { _ in stream.normal() }
      func sum(at distance: Double, _ rounding: RoundingNoise) -> Double {
        var moved = model.reference
        moved.rounding = rounding
        moved.parameters[spec.name] = zip(moved.parameters[spec.name]!, direction).map { $0 + distance * $1 }
        return zip(model.latents(&moved), model.weights).reduce(0) { $0 + $1.0 * $1.1 }
      }
      let step = 0x1p-9
      func difference(_ rounding: RoundingNoise) -> Double {
        (sum(at: step, rounding) - sum(at: -step, rounding)) / (2 * step)
      }
      let expected = slope(step: step) { sum(at: $0, .none) }
      let plain = difference(.none)
      let errors = ReferenceTests.noises.map { difference(RoundingNoise(seed: $0)) - plain }
      let found = zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 }
      let bound = expected.error + ReferenceTests.quantile * rootMeanSquare(errors)
      #expect(abs(found - expected.value) <= bound, "\(spec.name): \(found), not \(expected.value) ± \(bound)")
    }
  }
}

/// Two images through an encoder that sees them whole.
private final class WholeEncoder {
  let configuration: ModelConfiguration
  let table: ParameterTable
  let gradient: GradientArena
  /// Of the latent's values in the sum whose gradient is taken.
  let weights: [Double]
  private let encoder: Encoder
  private let parameters: AlignedBuffer<Float>
  private let memory: AlignedBuffer<Float>
  private let order: AlignedBuffer<Int>
  private let images: Matrix
  private let latentGradient: Matrix
  private let activations: EncoderActivations<Float>

  init(_ model: ModelConfiguration) {
    let (encoding, count) = (model.encoderConfiguration, 2)
    var (table, timeline) = (ParameterTable(), Timeline(hasBackward: true))
    let places = EncoderPlaces(encoding, in: &table)
    let stages = EncoderStages(places, in: &timeline)
    func views(_ sections: inout SectionAllocator) -> (Matrix, Matrix, EncoderActivations<Float>) {
      let (images, gradient) = sections.section(during: timeline.whole) {
        (
          $0.matrix(count, model.imageValues),
          $0.matrix(count * (1 + model.patchCount), model.encoder.width)
        )
      }
      let activations = EncoderActivations<Float>(
        images: count, seenCount: model.patchCount, encoder: encoding, recompute: .none, stages: stages,
        timeline: timeline, &sections)
      return (images, gradient, activations)
    }
    var measuring = SectionAllocator.measuring
    _ = views(&measuring)
    let map = MemoryMap(measuring.buffers)
    memory = AlignedBuffer(repeating: 0, count: map.ownCounts[0])
    let own = memory.all
    var sections = SectionAllocator { section in
      guard case .own(let range) = map.places[0][section] else { preconditionFailure("nothing is lent") }
      return own[range]
    }
    (images, latentGradient, activations) = views(&sections)

    configuration = model
    self.table = table
    gradient = GradientArena(table)
    encoder = Encoder(
      encoding, places: places, positions: sineCosinePositions(grid: model.grid, width: model.encoder.width))
    order = AlignedBuffer((0..<count).flatMap { _ in 0..<model.patchCount })
    parameters = AlignedBuffer(repeating: 0, count: table.arenaCount)
    fillParameters(parameters.all, of: table, seed: 1)
    var stream = RandomStream(seed: 1, purpose: .crop)
    for index in 0..<images.flat.count { images.flat[index] = Float(stream.normal()) }
    weights = (0..<latentGradient.flat.count).map { _ in Double(Float(stream.normal())) }
  }

  private var modelWeights: ModelWeights<Float> { ModelWeights(floats: parameters.all, stored: parameters.all) }

  func forward() {
    encoder.forward(
      images: images, order: order.all.reshaped(rows: images.rows, columns: configuration.patchCount),
      weights: modelWeights, saved: activations)
  }

  func backward() {
    for (index, weight) in weights.enumerated() { latentGradient.flat[index] = Float(weight) }
    encoder.backward(
      latentGradient: latentGradient, weights: modelWeights, saved: activations,
      gradients: GroupGradients(of: table, to: gradient))
  }

  var latent: [Double] { activations.latent.flat.array.map(Double.init) }

  var reference: ReferenceModel {
    let named = table.specs.map { ($0.name, parameters.all[$0.range].array.map(Double.init)) }
    return ReferenceModel(model: configuration, parameters: Dictionary(uniqueKeysWithValues: named))
  }

  /// What the reference makes of the images.
  func latents(_ reference: inout ReferenceModel) -> [Double] {
    let seen = Array(repeating: false, count: configuration.patchCount)
    return (0..<images.rows).flatMap { image in
      reference.encode(images.row(image).array.map(Double.init), mask: seen).flatMap(\.self)
    }
  }
}
