import Compute
import MaskedAutoencoder
import Parameters
import VisionTransformer

/// Something of a model's arena (weights, gradients), or its position tables, under the names of another ecosystem.
struct ExportedTensor {
  let name: String
  let shape: [Int]
  let values: Vector
}

extension ParameterTable {
  /// The parts of an arena under the names of `naming`, in the order of the table: query, key and value apart where that
  /// ecosystem has them so. No float is copied.
  ///
  /// - Parameter isIncluded: chooses by the table's name.
  func tensors(
    of arena: Vector, naming: TensorNaming, where isIncluded: (String) -> Bool = { _ in true }
  ) -> [ExportedTensor] {
    specs.filter { isIncluded($0.name) }.flatMap { spec in
      let parts = naming.parts(of: spec.name)
      let count = spec.range.count / parts.count
      return parts.enumerated().map { index, names in
        let start = spec.range.lowerBound + index * count
        return ExportedTensor(
          name: names[0], shape: [spec.shape[0] / parts.count] + spec.shape.dropFirst(),
          values: arena[start..<start + count])
      }
    }
  }
}

/// The floats of a model's position tables as tensors.
struct ExportedPositions: ~Copyable {
  private let encoder: AlignedBuffer<Float>
  private let decoder: AlignedBuffer<Float>
  private let model: ModelConfiguration

  init(_ model: MaskedAutoencoder) {
    encoder = AlignedBuffer(model.positions.encoder)
    decoder = AlignedBuffer(model.positions.decoder)
    self.model = model.configuration
  }

  /// Views of this value's memory.
  func tensors(naming: TensorNaming, encoderOnly: Bool) -> [ExportedTensor] {
    let tokens = 1 + model.patchCount
    let first = ExportedTensor(
      name: naming.parts(of: "pos_embed")[0][0], shape: [1, tokens, model.encoder.width], values: encoder.all)
    let second = ExportedTensor(
      name: naming.parts(of: "decoder_pos_embed")[0][0], shape: [1, tokens, model.decoder.width],
      values: decoder.all)
    return encoderOnly ? [first] : [first, second]
  }
}

/// Whether a tensor of the table is the encoder's.
func isOfEncoder(_ name: String) -> Bool { !name.hasPrefix("decoder_") && name != "mask_token" }
