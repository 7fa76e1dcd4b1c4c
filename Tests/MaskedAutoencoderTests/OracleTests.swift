import Compute
import Foundation
import MaskedAutoencoder
import Optimization
import Parameters
import Safetensors
import Testing
import VisionTransformer

/// Loss, gradients and ten steps held against transformers' ViTMAEForPreTraining and torch's AdamW, whose results lie
/// in Fixtures (made by make_oracle.py).
@Suite struct OracleTests {
  enum Oracle: String, CaseIterable, Sendable {
    case rgb
    case grey

    var model: ModelConfiguration {
      var model = ModelConfiguration()
      switch self {
      case .rgb:
        model.imageSize = GridSize(height: 32, width: 32)
        model.patchSize = 8
        model.encoder = TransformerConfiguration(width: 32, depth: 2, heads: 4)
        model.decoder = TransformerConfiguration(width: 24, depth: 2, heads: 2)
      case .grey:
        model.imageSize = GridSize(height: 35, width: 35)
        model.patchSize = 7
        model.channels = 1
        model.maskRatio = 0.6
        model.normalizesPixels = false
        model.encoder = TransformerConfiguration(width: 40, depth: 3, heads: 5, mlpRatio: 2)
        model.decoder = TransformerConfiguration(width: 16, depth: 1, heads: 4)
      }
      return model
    }

    func open() throws -> SafetensorsFile {
      let folder = try #require(Bundle.module.resourceURL)
      return try SafetensorsFile(path: folder.appending(path: "Fixtures/oracle_\(rawValue).safetensors").path)
    }
  }

  @Test(arguments: Oracle.allCases) func agrees(with oracle: Oracle) throws {
    let file = try oracle.open()
    let model = MaskedAutoencoder(oracle.model)
    let table = model.table
    let parameters = AlignedBuffer<Float>(repeating: 0, count: table.arenaCount)
    defer { extendLifetime(parameters) }
    for spec in table.specs { try file.copyFloats(of: "weight." + spec.name, to: parameters.all[spec.range]) }

    let pixels = try file.tensor(named: "pixel_values")
    let images = pixels.shape[0]
    let workspace = Workspace(model: oracle.model, imageCount: images)
    try file.copyFloats(of: "pixel_values", to: workspace.images.flat)
    let noise = try file.floats(of: "noise")
    let losses = try file.floats(of: "losses")

    let gradient = GradientArena(table)
    let moments = AlignedBuffer<Float>(repeating: 0, count: 2 * table.arenaCount)
    defer { extendLifetime(moments) }
    let optimizer = AdamW(
      AdamWConfiguration(),
      groups: table.specs.map { ParameterGroup(range: $0.range, weightDecay: $0.isDecayed ? 0.05 : 0) })
    for step in losses.indices {
      let rows = (0..<images).map { image in
        let start = (step * images + image) * oracle.model.patchCount
        return Array(noise[start..<start + oracle.model.patchCount])
      }
      workspace.fillNoise(rows)
      let loss = model.forward(parameters: parameters.all, workspace: workspace) / Double(images)
      #expect(abs(loss - Double(losses[step])) <= 1e-5 * Double(losses[step]), "loss of step \(step + 1)")
      model.backward(parameters: parameters.all, workspace: workspace, receiver: gradient)
      if step == 0 {
        for spec in table.specs {
          let mine = gradient.all[spec.range].array.map { $0 / Float(images) }
          let difference = try distance(mine, file.floats(of: "grad." + spec.name))
          #expect(difference <= 1e-4, "gradient of \(spec.name)")
        }
      }
      optimizer.update(
        parameters: parameters.all, moments: moments.all.reshaped(rows: 2, columns: table.arenaCount),
        gradient: gradient.all, in: 0..<table.arenaCount, step: step + 1, learningRate: 1e-3,
        gradientScale: 1 / Double(images))
    }
    for spec in table.specs {
      var (mine, theirs) = (parameters.all[spec.range].array, try file.floats(of: "after." + spec.name))
      if spec.name.hasSuffix("qkv.bias") {
        // Softmax does not see a constant added to a query's scores, so the gradient of a key's bias is zero but for
        // rounding, and AdamW makes a whole step of whatever sign the rounding has.
        let keys = mine.count / 3..<2 * mine.count / 3
        mine.removeSubrange(keys)
        theirs.removeSubrange(keys)
      }
      #expect(distance(mine, theirs) <= 1e-4, "\(spec.name) after ten steps")
    }
  }
}

/// ‖a − b‖ / ‖b‖.
func distance(_ a: [Float], _ b: [Float]) -> Double {
  precondition(a.count == b.count)
  let squares = zip(a, b).reduce(0.0) { $0 + pow(Double($1.0) - Double($1.1), 2) }
  return squares.squareRoot() / b.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
}

/// Keeps the whole gradient: what a receiver is when there is one worker and nothing to reduce.
struct GradientArena: GradientReceiver {
  let table: ParameterTable
  let all: Vector
  private let memory: Memory

  private final class Memory {
    let buffer: AlignedBuffer<Float>
    init(count: Int) { buffer = AlignedBuffer(repeating: .nan, count: count) }
  }

  init(_ table: ParameterTable) {
    self.table = table
    memory = Memory(count: table.arenaCount)
    all = memory.buffer.all
  }

  func memory(for group: Int) -> Vector { all[table.groups[group].range] }
  func finished(group: Int) {}
}
