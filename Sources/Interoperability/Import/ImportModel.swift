import Checkpoints
import Compute
import Configuration
import MaskedAutoencoder
import Parameters
import Pretraining
import Safetensors
import Training
import VisionTransformer

/// A model that others left, taken over, and what is to be said about it.
public struct ImportedModel {
  public let model: TrainedModel
  /// One sentence for each thing that was adapted, assumed or passed over.
  public let notes: [String]
}

extension TrainedModel {
  /// Takes over the weights of a Hugging Face folder (sharded or not), a timm folder, or a safetensors file with the
  /// authors' names; whole or of the encoder alone.
  ///
  /// Where `overrides` give the model another image size or other channels, position tables are interpolated and
  /// projections adapted.
  ///
  /// - Parameter overrides: `key=value` of the configuration.
  public static func importing(
    _ path: String, overrides: [String] = []
  ) throws(InteroperabilityError) -> ImportedModel {
    var takeover = try Takeover(path, overrides: overrides)
    return try takeover.run()
  }
}

/// One import: from the tensors of a file to an arena of the model that is wanted.
private struct Takeover {
  let source: SourceModel
  let configuration: PretrainingConfiguration
  private var notes: [String]
  private var reader: TensorReader

  private var old: ModelConfiguration { source.configuration }
  private var new: ModelConfiguration { configuration.model }
  private var path: String { source.folder.path }

  init(_ path: String, overrides: [String]) throws(InteroperabilityError) {
    source = try SourceModel(path, overrides: overrides)
    configuration = try Self.target(source, overrides: overrides)
    reader = TensorReader(source)
    notes = source.notes
    if !source.hasDecoder {
      let decoder = configuration.model.decoder
      notes.append(
        "there is no decoder in it: one of width \(decoder.width), \(decoder.depth) blocks and \(decoder.heads) heads was "
          + "drawn (train.seed \(configuration.train.seed)), as for a first step of training; --set model.decoder.width=N, "
          + "depth and heads ask for another")
    }
  }

  /// The source's configuration with the overrides, its statistics of pixels brought to the channels.
  private static func target(
    _ source: SourceModel, overrides: [String]
  ) throws(InteroperabilityError) -> PretrainingConfiguration {
    var run = PretrainingConfiguration()
    run.model = source.configuration
    (run.data.mean, run.data.deviation) = source.pixelStatistics
    run.data.sampleRange = source.sampleRange
    if let override = overrides.last(where: { $0.hasPrefix("model.channels=") }),
      let count = Int(override.dropFirst("model.channels=".count)), (1...1_000).contains(count)
    {
      run.data.mean = adaptStatistic(run.data.mean, to: count)
      run.data.deviation = adaptStatistic(run.data.deviation, to: count)
    }
    return try interoperating(InteroperabilityError.configuration) { () throws(ConfigurationError) in
      try PretrainingConfiguration.decode(
        yaml: run.yaml(), name: "the configuration of \(source.folder.path)", overrides: overrides)
    }
  }

  mutating func run() throws(InteroperabilityError) -> ImportedModel {
    sayDifferences()
    let encoder = try readPositions("pos_embed", width: new.encoder.width)
    let decoder = source.hasDecoder ? try readPositions("decoder_pos_embed", width: new.decoder.width) : nil
    let computed = PositionTables(sineCosineOf: new)
    let positions = PositionTables(encoder: encoder, decoder: decoder ?? computed.decoder)
    let model = MaskedAutoencoder(new, positions: positions)
    if positions != computed {
      notes.append("its position tables are kept: they are not bit for bit the sine-cosine ones")
    }
    let parameters = AlignedBuffer<Float>(repeating: 0, count: model.table.arenaCount)
    if !source.hasDecoder { model.table.initialize(parameters.all, seed: configuration.train.seed) }
    for spec in model.table.specs where source.hasDecoder || !isOfDecoder(spec.name) {
      try read(spec, into: parameters.all[spec.range])
    }
    try refuseLeftovers()
    return ImportedModel(
      model: TrainedModel(model, configuration: configuration, parameters: parameters, step: 0),
      notes: notes + reader.notes)
  }

  private mutating func sayDifferences() {
    if old.grid != new.grid {
      notes.append(
        "position tables are interpolated (bicubic) from \(old.grid.height) x \(old.grid.width) patches to "
          + "\(new.grid.height) x \(new.grid.width)")
    }
    if old.channels != new.channels {
      notes.append(
        "the patch embedding is adapted from \(old.channels) channels to \(new.channels)"
          + (source.hasDecoder ? ", and so is the prediction" : ""))
    }
  }

  private func isOfDecoder(_ name: String) -> Bool { name.hasPrefix("decoder_") || name == "mask_token" }

  /// What is left in the file must be a head that is no part of the encoder, or what training without a decoder needs no
  /// more.
  private mutating func refuseLeftovers() throws(InteroperabilityError) {
    let hasDecoder = source.hasDecoder
    try reader.refuseLeftovers { name in
      foreignHeads.contains { name.hasPrefix($0) } || !hasDecoder && maskTokens.contains(name)
    }
  }
}

// MARK: - Tensors

extension Takeover {
  private mutating func readPositions(_ name: String, width: Int) throws(InteroperabilityError) -> [Float] {
    let table = try reader.read(source.naming.parts(of: name)[0], shape: [1, 1 + old.patchCount, width])
    guard old.grid != new.grid else { return table }
    return table[..<width]
      + interpolateBicubic(Array(table[width...]), width: width, from: old.grid, to: new.grid)
  }

  /// Fills `target` with a tensor of the table, joined of its parts and adapted to the channels.
  private mutating func read(_ spec: ParameterSpec, into target: Vector) throws(InteroperabilityError) {
    let pixels = old.patchSize * old.patchSize
    // Patches of another size are nothing that could be adapted: their tensors are of another shape, which is said below.
    let adaptsChannels = old.channels != new.channels && old.patchSize == new.patchSize
    let values: [Float]
    switch spec.name {
    case "patch_embed.proj.weight" where adaptsChannels:
      let weight = try reader.read(
        source.naming.parts(of: spec.name)[0],
        shape: [spec.shape[0], old.channels, old.patchSize, old.patchSize])
      values = adaptProjection(
        weight, width: spec.shape[0], pixels: pixels, from: old.channels, to: new.channels)
    case "decoder_pred.weight" where adaptsChannels, "decoder_pred.bias" where adaptsChannels:
      let width = spec.shape.count == 2 ? spec.shape[1] : 1
      let rows = try reader.read(
        source.naming.parts(of: spec.name)[0], shape: [old.patchValues] + spec.shape.dropFirst())
      values = adaptPrediction(rows, pixels: pixels, width: width, from: old.channels, to: new.channels)
    default:
      values = try reader.readJoined(spec)
    }
    precondition(values.count == target.count, "\(spec.name): \(values.count) floats for \(target.count)")
    for index in values.indices { target[index] = values[index] }
  }
}
