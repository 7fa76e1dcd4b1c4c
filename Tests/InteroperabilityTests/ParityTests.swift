import Checkpoints
import Compute
import Evaluation
import Foundation
import Interoperability
import MaskedAutoencoder
import Pretraining
import Safetensors
import Testing
import Training

/// `mae parity` against what transformers and torch gave for the same weights, images and noise.
@Suite struct ParityTests {
  private static let overrides = ["train.base_learning_rate=1e-3"]

  private func parity(_ path: String, in folder: TemporaryFolder, steps: Int? = 10) throws -> SafetensorsFile {
    let output = folder("parity-\(UUID().uuidString).safetensors")
    try TrainedModel.openAny(path, overrides: Self.overrides).model.writeParity(
      batch: fixture("batch.safetensors"), steps: steps, to: output)
    return try SafetensorsFile(path: output)
  }

  @Test func agreesWithTransformers() throws {
    let folder = try TemporaryFolder()
    let mine = try parity(fixture("hf"), in: folder)
    let theirs = try SafetensorsFile(path: fixture("oracle.safetensors"))
    let names = theirs.tensors.map(\.name).filter { !$0.hasPrefix("features.") }
    #expect(Set(mine.tensors.map(\.name)) == Set(names))
    for name in names {
      try #expect(mine.tensor(named: name).shape == theirs.tensor(named: name).shape, "\(name)")
      let (a, b) = (try mine.floats(of: name), try theirs.floats(of: name))
      if name == "mask" {
        #expect(a == b)
      } else if name.hasSuffix("attention.key.bias") {
        // Softmax does not see a constant added to a query's scores: the gradient of a key's bias is rounding, small
        // beside its query's, and AdamW makes a whole step of whatever sign the rounding has.
        guard name.hasPrefix("grad.") else { continue }
        let scale = try theirs.floats(of: name.replacingOccurrences(of: "key.bias", with: "query.bias"))
        #expect(norm(zip(a, b).map { $0 - $1 }) <= 1e-4 * norm(scale), "\(name)")
      } else if name == "losses" {
        for (mine, theirs) in zip(a, b) { #expect(abs(mine - theirs) <= 1e-5 * theirs) }
      } else {
        let isTight = ["loss", "pred", "latent"].contains(name)
        #expect(distance(a, b) <= (isTight ? 1e-5 : 1e-4), "\(name)")
      }
    }
  }

  /// A checkpoint gives what the folder that it was made of gives, bit by bit.
  @Test func takesCheckpointsToo() throws {
    let folder = try TemporaryFolder()
    try TrainedModel.importing(fixture("hf"), overrides: Self.overrides).model.saveRun(to: folder("run"))
    let (first, second) = (try parity(fixture("hf"), in: folder), try parity(folder("run"), in: folder))
    #expect(try storedTensors(first.path) == storedTensors(second.path))
  }

  @Test func stepsAreLeftOutUnlessAskedFor() throws {
    let names = try parity(fixture("hf"), in: TemporaryFolder(), steps: nil).tensors.map(\.name)
    #expect(names.contains("loss") && !names.contains("losses") && !names.contains { $0.hasPrefix("weight.") })
  }

  /// A rectangle of 3 x 5 patches, which no oracle here takes: the gradient against the difference of the loss along
  /// it. The step is where the loss's rounding (2⁻²⁴ of 1) and the third derivative's part are both far below 1e-3.
  @Test func gradientOfARectangleIsTheSlope() throws {
    let folder = try TemporaryFolder()
    var model = try TrainedModel.importing(fixture("hf"), overrides: ["model.image_size=[21, 35]"]).model.configuration
    model.train.seed = 3
    var stream = RandomStream(seed: 4, purpose: .initialization)
    try write(
      [
        ("pixel_values", [2, 3, 21, 35], (0..<2 * 3 * 21 * 35).map { _ in Float(stream.normal()) }),
        ("noise", [2, 15], (0..<30).map { _ in stream.uniform() }),
      ], to: folder("batch"))
    let network = MaskedAutoencoder(model.model)
    let weights = AlignedBuffer<Float>(repeating: 0, count: network.table.arenaCount)
    network.table.initialize(weights.all, seed: 3)

    /// Loss and gradients at the weights, moved along `direction`.
    func evaluate(moved distance: Double, along direction: [Float]) throws -> SafetensorsFile {
      let moved = AlignedBuffer<Float>(repeating: 0, count: weights.count)
      for index in 0..<weights.count {
        moved.base[index] = weights.base[index] + Float(distance) * direction[index]
      }
      let output = folder("out-\(UUID().uuidString)")
      try TrainedModel(network, configuration: model, parameters: moved, step: 0)
        .writeParity(batch: folder("batch"), steps: nil, to: output)
      return try SafetensorsFile(path: output)
    }

    let still = [Float](repeating: 0, count: weights.count)
    let here = try evaluate(moved: 0, along: still)
    // The gradient's parts lie in the order of the table, query, key and value one after another as in the arena.
    var gradient = still
    var names = here.tensors.map(\.name).filter { $0.hasPrefix("grad.") }.makeIterator()
    for spec in network.table.specs {
      var index = spec.range.lowerBound
      while index < spec.range.upperBound {
        let name = names.next()
        for value in try here.floats(of: #require(name)) {
          gradient[index] = value
          index += 1
        }
      }
    }
    let squares = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }
    let step = 1e-2 / squares.squareRoot()
    let ahead = try Double(evaluate(moved: step, along: gradient).floats(of: "loss")[0])
    let behind = try Double(evaluate(moved: -step, along: gradient).floats(of: "loss")[0])
    #expect(abs((ahead - behind) / (2 * step) / squares - 1) <= 1e-3)
  }
}

private func norm(_ values: [Float]) -> Double {
  values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
}
