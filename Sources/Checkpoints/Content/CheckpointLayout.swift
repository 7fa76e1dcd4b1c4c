import Compute
import Safetensors

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
  /// Whether a checkpoint that the model is read from must have one of this shape: not of what was made from another one.
  public let isRequired: Bool

  public init(name: String, shape: [Int], values: [Float], isRequired: Bool = true) {
    precondition(shape.reduce(1, *) == values.count, "\(name): \(values.count) floats are not \(shape)")
    self.name = name
    self.shape = shape
    self.values = values
    self.isRequired = isRequired
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
  /// The names of the optimiser's moments.
  public let moments: [String]
  /// The floats of an arena, gaps between tensors included.
  public let arenaCount: Int
  /// None for a model that the configuration describes wholly.
  public let constants: [ConstantTensor]

  public init(
    tensors: [CheckpointTensor], moments: [String], arenaCount: Int,
    constants: [ConstantTensor] = []
  ) {
    precondition(
      tensors.allSatisfy { $0.offset >= 0 && $0.range.upperBound <= arenaCount }, "a tensor leaves the arena")
    self.tensors = tensors
    self.moments = moments
    self.arenaCount = arenaCount
    self.constants = constants
  }

  /// The number of arenas that are saved: that of the parameters, then one for each moment.
  public var savedArenaCount: Int { 1 + moments.count }

  /// The bytes of a checkpoint's tensors: nearly all that it takes on a disk.
  public var byteCount: Int {
    let constants = constants.reduce(0) { $0 + $1.values.count }
    return MemoryLayout<Float>.stride * (savedArenaCount * parameterCount + constants)
  }

  /// The bytes of the tensors of its largest file, the optimiser's.
  public var largestFileByteCount: Int { MemoryLayout<Float>.stride * max(1, moments.count) * parameterCount }

  private var parameterCount: Int { tensors.reduce(0) { $0 + $1.count } }

  /// The files of a checkpoint. The arenas are read when the files are written, and must not change until then.
  ///
  /// - Parameters:
  ///   - parameters: `arenaCount` floats.
  ///   - moments: for each of the layout's moments an arena of `arenaCount` floats.
  public func files(parameters: Vector, moments: [Vector], state: CheckpointState) -> [CheckpointFile] {
    let arenas = [parameters] + moments
    precondition(arenas.allSatisfy { $0.count == arenaCount }, "an arena has another size than the layout's")
    return arenaFiles(arenas.enumerated().map { ArenaSpan(arena: $0, 0..<arenaCount, floats: $1) })
      + smallFiles(state)
  }

  /// The number of files that ``arenaFiles(_:)`` gives.
  let arenaFileCount = 2

  /// The files that consist of floats of the arenas: nearly all bytes of a checkpoint.
  ///
  /// - Parameter spans: for each saved arena what of it is at hand, and only that can then be written.
  func arenaFiles(_ spans: [ArenaSpan]) -> [CheckpointFile] {
    precondition(spans.count == savedArenaCount, "\(spans.count - 1) moments, expected \(moments)")
    let optimizer = moments.indices.flatMap { moment in
      tensors.map { (name: prefix(ofMoment: moment) + $0.name, tensor: $0, span: spans[1 + moment]) }
    }
    return [
      arenaFile(Self.modelFile, tensors.map { (name: $0.name, tensor: $0, span: spans[0]) }),
      arenaFile(Self.optimizerFile, optimizer),
    ]
  }

  private func arenaFile(
    _ name: String, _ parts: [(name: String, tensor: CheckpointTensor, span: ArenaSpan)]
  ) -> CheckpointFile {
    let header = safetensorsHeader(parts.map { ($0.name, $0.tensor.shape) }, type: .float32, metadata: [:])
    return CheckpointFile(
      name: name, segments: [.bytes(header)] + parts.map { .floats($0.tensor.range, $0.span) })
  }

  /// The files of a few kilobytes, or of a megabyte at most.
  func smallFiles(_ state: CheckpointState) -> [CheckpointFile] {
    let stateFile = CheckpointFile(name: Self.stateFile, bytes: state.json)
    guard !constants.isEmpty else { return [stateFile] }
    let header = safetensorsHeader(constants.map { ($0.name, $0.shape) }, type: .float32, metadata: [:])
    let values = constants.flatMap(\.values).withUnsafeBytes(Array.init)
    return [stateFile, CheckpointFile(name: Self.constantsFile, bytes: header + values)]
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
