import Compute
import Foundation
import MaskedAutoencoder
import Parameters
import VisionTransformer

/// A small model with weights, images and noise of its own, for the product and for the reference.
final class SampleModel {
  let configuration: ModelConfiguration
  let product: MaskedAutoencoder
  let workspace: Workspace
  let gradient: GradientArena
  var noise: [[Float]]
  private let memory: AlignedBuffer<Float>
  private let rounded: AlignedBuffer<BFloat16>

  var parameters: Vector { memory.all }
  var table: ParameterTable { product.table }

  init(
    _ configuration: ModelConfiguration, images: Int = 2, seed: UInt64 = 1, precision: Precision = .fp32,
    recompute: Recompute = .none, usesGradient: Bool = false
  ) {
    self.configuration = configuration
    product = MaskedAutoencoder(configuration)
    gradient = GradientArena(product.table)
    for index in 0..<product.table.arenaCount { gradient.all[index] = .nan }
    let workspaceMemory = WorkspaceMemory(
      model: configuration, imageCount: images, precision: precision, recompute: recompute, usesGradient: usesGradient)
    workspace = Workspace(workspaceMemory, gradient: gradient.all)
    noise = (0..<images).map {
      maskNoise(patchCount: configuration.patchCount, seed: seed, epoch: 0, sample: $0)
    }
    memory = AlignedBuffer(repeating: 0, count: product.table.arenaCount)
    rounded = AlignedBuffer(repeating: BFloat16(0), count: product.table.arenaCount)
    fillParameters(memory.all, of: table, seed: seed)
    var stream = RandomStream(seed: seed, purpose: .crop)
    for index in 0..<images * configuration.imageValues { workspace.images.flat[index] = Float(stream.normal()) }
  }

  func forward() -> Double {
    convert(output: rounded.all, input: parameters)
    workspace.fillNoise(noise)
    return product.forward(parameters: parameters, rounded: rounded.all, workspace: workspace)
  }

  /// The loss; its gradient lies in `gradient` then.
  func forwardAndBackward() -> Double {
    let loss = forward()
    product.backward(parameters: parameters, rounded: rounded.all, workspace: workspace, receiver: gradient)
    return loss
  }

  /// What the last forward pass left under `name`, of one image.
  func activation(_ name: String, image: Int) -> [UInt32] {
    let activation = workspace.activations.first { $0.name == name }!
    defer { extendLifetime(activation) }
    let rows = activation.rowsPerImage
    return (image * rows..<(image + 1) * rows).flatMap { activation.values.row($0).array.map(\.bitPattern) }
  }

  var images: [[Double]] {
    (0..<workspace.imageCount).map { workspace.images.row($0).array.map(Double.init) }
  }

  var reference: ReferenceModel {
    let named = table.specs.map { ($0.name, parameters[$0.range].array.map(Double.init)) }
    return ReferenceModel(model: configuration, parameters: Dictionary(uniqueKeysWithValues: named))
  }
}

/// Weights that keep the size of what goes through them; biases and norms off their first values.
func fillParameters(_ parameters: Vector, of table: ParameterTable, seed: UInt64) {
  for (index, spec) in table.specs.enumerated() {
    var stream = RandomStream(seed: seed, purpose: .initialization, sample: index)
    let inputs = spec.shape.dropFirst().reduce(1, *)
    let isNormWeight = spec.shape.count == 1 && spec.name.hasSuffix(".weight")
    let deviation = spec.shape.count >= 2 && !spec.name.hasSuffix("token") ? 0.8 / Double(inputs).squareRoot() : 0.3
    for position in spec.range {
      parameters[position] = Float(stream.normal() * deviation + (isNormWeight ? 1 : 0))
    }
  }
}
