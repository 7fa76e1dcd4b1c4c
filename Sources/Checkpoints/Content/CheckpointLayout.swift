import Compute

/// A parameter tensor and its place in the flat arenas.
public struct CheckpointTensor: Equatable, Sendable {
  public let name: String
  public let shape: [Int]
  /// The index of its first float in every arena.
  public let offset: Int

  public init(name: String, shape: [Int], offset: Int) {
    self.name = name
    self.shape = shape
    self.offset = offset
  }

  /// The product of the shape.
  public var count: Int { shape.reduce(1, *) }
  /// Its floats in every arena.
  public var range: Range<Int> { offset..<offset + count }
}

/// A tensor that a model was given and does not train, for example a position table of its own.
public struct ConstantTensor: Equatable, Sendable {
  public let name: String
  public let shape: [Int]
  public let values: [Float]

  public init(name: String, shape: [Int], values: [Float]) {
    precondition(shape.reduce(1, *) == values.count, "\(name): \(values.count) floats are not \(shape)")
    self.name = name
    self.shape = shape
    self.values = values
  }
}

/// How a model's arenas become the files of a checkpoint: made once from the table of parameters.
///
/// `model.safetensors` holds the parameters under their names, `optimizer.safetensors` for each moment all tensors
/// under `MOMENT.NAME`, `state.json` the ``CheckpointState``. A model with constants has `constants.safetensors` too;
/// the hash of the parameters does not cover it.
public struct CheckpointLayout: Sendable {
  static let modelFile = "model.safetensors"
  static let optimizerFile = "optimizer.safetensors"
  static let constantsFile = "constants.safetensors"
  static let stateFile = "state.json"

  /// In the order in which they are stored and hashed.
  public let tensors: [CheckpointTensor]
  /// The names of the optimiser's moments, `["exp_avg", "exp_avg_sq"]` for AdamW.
  public let moments: [String]
  /// The floats of an arena, gaps between tensors included.
  public let arenaCount: Int
  /// None for a model that the configuration describes wholly.
  public let constants: [ConstantTensor]

  public init(
    tensors: [CheckpointTensor], moments: [String] = ["exp_avg", "exp_avg_sq"], arenaCount: Int,
    constants: [ConstantTensor] = []
  ) {
    precondition(
      tensors.allSatisfy { $0.offset >= 0 && $0.range.upperBound <= arenaCount }, "a tensor leaves the arena")
    self.tensors = tensors
    self.moments = moments
    self.arenaCount = arenaCount
    self.constants = constants
  }

  /// The files of a checkpoint. The arenas are read when the files are written, and must not change until then.
  ///
  /// - Parameters:
  ///   - parameters: `arenaCount` floats.
  ///   - moments: for each of the layout's moments an arena of `arenaCount` floats.
  public func files(parameters: Vector, moments: [Vector], state: CheckpointState) -> [CheckpointFile] {
    [
      CheckpointFile(name: Self.modelFile, contents: SafetensorsContents(named(parameters))),
      CheckpointFile(name: Self.optimizerFile, contents: SafetensorsContents(named(moments))),
      CheckpointFile(name: Self.stateFile, bytes: state.json),
    ] + constantsFiles
  }

  private var constantsFiles: [CheckpointFile] {
    guard !constants.isEmpty else { return [] }
    let file = CheckpointFile(name: Self.constantsFile) { [constants] (sink: ByteSink) throws(FileError) in
      let floats = AlignedBuffer<Float>(constants.flatMap(\.values))
      var tensors: [NamedTensor] = []
      var start = 0
      for constant in constants {
        let end = start + constant.values.count
        tensors.append(NamedTensor(name: constant.name, shape: constant.shape, values: floats.all[start..<end]))
        start = end
      }
      try SafetensorsContents(tensors).write(to: sink)
    }
    return [file]
  }

  /// The hash of the parameters: what ``Checkpoint/parameterHash()`` gives for a checkpoint of them.
  public func parameterHash(_ parameters: Vector) -> String {
    hash(named(parameters))
  }

  /// The hash of the moments: what ``Checkpoint/optimizerHash()`` gives for a checkpoint of them.
  public func optimizerHash(_ moments: [Vector]) -> String {
    hash(named(moments))
  }

  private func hash(_ tensors: [NamedTensor]) -> String {
    let hash = ParameterHash()
    for tensor in tensors {
      hash.add(name: tensor.name, shape: tensor.shape, values: tensor.values)
    }
    return hash.hexadecimal
  }

  /// The parts of an arena, one after another.
  func named(_ arena: Vector, prefix: String = "") -> [NamedTensor] {
    precondition(arena.count == arenaCount, "an arena of \(arena.count) floats, expected \(arenaCount)")
    return tensors.map { NamedTensor(name: prefix + $0.name, shape: $0.shape, values: arena[$0.range]) }
  }

  func named(_ arenas: [Vector]) -> [NamedTensor] {
    precondition(arenas.count == moments.count, "\(arenas.count) moments, expected \(moments)")
    return arenas.enumerated().flatMap { index, arena in named(arena, prefix: prefix(ofMoment: index)) }
  }

  func prefix(ofMoment index: Int) -> String { "\(moments[index])." }

  func names(ofMoment index: Int) -> [String] { tensors.map { prefix(ofMoment: index) + $0.name } }
}
