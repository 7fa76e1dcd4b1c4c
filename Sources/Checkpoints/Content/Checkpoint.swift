import Compute
import Files
import Safetensors

/// A checkpoint that is open for reading: valid when it was opened, and not pruned while this value lives.
public final class Checkpoint: Sendable {
  /// Its folder.
  public let path: String
  public let state: CheckpointState
  /// `model.safetensors`.
  public let model: SafetensorsFile
  /// `optimizer.safetensors`.
  public let optimizer: SafetensorsFile
  /// `constants.safetensors`; nil for a model without constants.
  public let constants: SafetensorsFile?
  /// The newer checkpoints of the run directory that were not taken, and why.
  public let passedOver: [PassedOverCheckpoint]
  private let lock: FileLock?

  public var step: Int { state.step }

  /// Opens the checkpoint `path`, or the newest valid one of the run directory (or its folder `checkpoints`)
  /// `path`. All its bytes are read and compared with its manifest first.
  ///
  /// - Parameter isVerified: whether somebody has just done that for the checkpoint `path`; then presence and sizes of
  ///   its files are enough.
  /// - Throws: nothing is there, it is something else, nothing in it is valid.
  public static func open(_ path: String, isVerified: Bool = false) throws(CheckpointError) -> Checkpoint {
    guard try exists(path) else { throw .nothingThere(path: path) }
    if try exists("\(path)/\(CheckpointManifest.fileName)") || isStepFolder(path) {
      return try openOne(path, hashes: !isVerified)
    }
    let isStore = path.split(separator: "/").last == "checkpoints"
    let directory = isStore ? path : "\(path)/checkpoints"
    guard try exists(directory) else {
      throw try holdsForeignWeights(path) ? .foreignWeights(path: path) : .notACheckpoint(path: path)
    }
    guard let newest = try newest(of: CheckpointStore(directory: directory)) else {
      throw .noValidCheckpoint(path: directory, passedOver: [])
    }
    return newest
  }

  /// Opens the newest valid checkpoint of a store; nil when it has no checkpoint at all.
  ///
  /// - Parameter refusal: as for ``CheckpointStore/newestValid(refusing:)``.
  public static func newest(
    of store: CheckpointStore, refusing refusal: (_ step: Int) -> String? = { _ in nil }
  ) throws(CheckpointError) -> Checkpoint? {
    for _ in 0..<CheckpointStore.listingLimit {
      let newest = try store.newestValid(refusing: refusal)
      guard let step = newest.step else {
        if newest.passedOver.isEmpty { return nil }
        throw .noValidCheckpoint(path: store.directory, passedOver: newest.passedOver)
      }
      let path = store.path(of: step)
      do throws(CheckpointError) {
        let checkpoint = try Checkpoint(verified: path, passedOver: newest.passedOver)
        // From here on its lock keeps it; before, a run may have removed it, for a newer one.
        if try !isGone(path) { return checkpoint }
      } catch {
        guard try isGone(path) else { throw error }
      }
    }
    throw .changesTooFast(path: store.directory)
  }

  /// Runs pieces `0..<count` of some work, at once if it can, and returns when all are done.
  public typealias Parallel = (_ count: Int, _ piece: @Sendable (Int) -> Void) -> Void

  /// Reads parameters and moments into arenas; gaps between tensors are left as they are.
  ///
  /// - Parameters:
  ///   - parameters: `layout.arenaCount` floats.
  ///   - moments: for each of the layout's moments as many.
  ///   - inParallel: tensors are read by it.
  /// - Throws: it is the checkpoint of another model. Arenas may then have been written to in part.
  public func read(
    _ layout: CheckpointLayout, parameters: Vector, moments: [Vector],
    inParallel: Parallel = { count, piece in (0..<count).forEach(piece) }
  ) throws(CheckpointError) {
    try requireConstants(of: layout)
    try read(layout.named(parameters), from: model, inParallel)
    try read(layout.named(moments), from: optimizer, inParallel)
  }

  /// Reads of one of the layout's moments the floats of some parts of the arena; what else is in `moment` stays.
  public func readMoment(
    _ index: Int, _ layout: CheckpointLayout, in parts: [Range<Int>], into moment: Vector,
    inParallel: Parallel = { count, piece in (0..<count).forEach(piece) }
  ) throws(CheckpointError) {
    let tensors = layout.named(moment, prefix: layout.prefix(ofMoment: index))
    let others = layout.moments.indices.filter { $0 != index }.flatMap { layout.names(ofMoment: $0) }
    try check(that: optimizer, has: tensors, beside: others)
    let wanted = zip(tensors, layout.tensors).flatMap { tensor, place in
      parts.map { place.range.clamped(to: $0) }.filter { !$0.isEmpty }.map { range in
        TensorPart(
          name: tensor.name, elements: range.lowerBound - place.offset..<range.upperBound - place.offset,
          values: moment[range])
      }
    }
    try copy(wanted, from: optimizer, inParallel)
  }

  /// Reads the parameters alone, for whoever begins with them.
  ///
  /// - Parameter mustBeFinite: whether a value that is not finite is an error. A run that goes on meets it in its next
  ///   step, and deals with it as it is told to.
  public func readParameters(
    _ layout: CheckpointLayout, into parameters: Vector, mustBeFinite: Bool = true,
    inParallel: Parallel = { count, piece in (0..<count).forEach(piece) }
  ) throws(CheckpointError) {
    try requireConstants(of: layout)
    let tensors = layout.named(parameters)
    try read(tensors, from: model, inParallel)
    guard mustBeFinite else { return }
    let places = Monitor<[Int: Int]>([:])
    inParallel(tensors.count) { index in
      let values = tensors[index].values
      guard let place = (0..<values.count).first(where: { !values[$0].isFinite }) else { return }
      places.withLock { $0[index] = place }
    }
    guard let (index, place) = places.withLock({ $0.min { $0.key < $1.key } }) else { return }
    throw .notFinite(
      path: model.path, tensor: tensors[index].name, index: place, value: tensors[index].values[place])
  }

  /// Makes sure that the parameters have the names and shapes of a layout, without reading them.
  public func requireTensors(of layout: CheckpointLayout) throws(CheckpointError) {
    for tensor in layout.tensors {
      let found = try fromSafetensors { () throws(SafetensorsError) in try model.tensor(named: tensor.name).shape }
      guard found == tensor.shape else {
        throw .shapeDiffers(path: model.path, tensor: tensor.name, expected: tensor.shape, found: found)
      }
    }
  }

  /// What a model was given and does not train is the checkpoint's: another model's would only look like it.
  private func requireConstants(of layout: CheckpointLayout) throws(CheckpointError) {
    for constant in layout.constants where constant.isRequired {
      guard let constants, constants.contains(constant.name) else {
        throw .tensorMissing(path: constants?.path ?? path, tensor: constant.name)
      }
      let found = try fromSafetensors { () throws(SafetensorsError) in try constants.tensor(named: constant.name).shape
      }
      guard found == constant.shape else {
        throw .shapeDiffers(path: constants.path, tensor: constant.name, expected: constant.shape, found: found)
      }
    }
  }

  /// Reads a constant of the model; nil where the checkpoint has none of that name.
  ///
  /// - Throws: it has another shape.
  public func readConstant(_ name: String, shape: [Int]) throws(CheckpointError) -> [Float]? {
    guard let constants, constants.contains(name) else { return nil }
    let found = try fromSafetensors { () throws(SafetensorsError) in try constants.tensor(named: name).shape }
    guard found == shape else {
      throw .shapeDiffers(path: constants.path, tensor: name, expected: shape, found: found)
    }
    return try fromSafetensors { () throws(SafetensorsError) in try constants.floats(of: name) }
  }

  /// Reads one tensor, a parameter or a constant of the model.
  ///
  /// - Parameter mayBeOther: whether there may be none of that name and shape; nothing is read then.
  /// - Returns: whether it was read.
  /// - Throws: there is none, or it holds a value that is not finite.
  public func readTensor(
    _ name: String, shape: [Int], mayBeOther: Bool, into values: Vector
  ) throws(CheckpointError) -> Bool {
    let file = constants.map { $0.contains(name) ? $0 : model } ?? model
    guard file.contains(name) else {
      if mayBeOther { return false }
      throw .tensorMissing(path: file.path, tensor: name)
    }
    if mayBeOther {
      let found = try fromSafetensors { () throws(SafetensorsError) in try file.tensor(named: name).shape }
      guard found == shape else { return false }
    }
    try read(name, shape: shape, from: file, into: values)
    return true
  }

  private func read(
    _ name: String, shape: [Int], from file: SafetensorsFile, into values: Vector
  ) throws(CheckpointError) {
    let found = try fromSafetensors { () throws(SafetensorsError) in try file.tensor(named: name).shape }
    guard found == shape else { throw .shapeDiffers(path: file.path, tensor: name, expected: shape, found: found) }
    try fromSafetensors { () throws(SafetensorsError) in try file.copyFloats(of: name, to: values) }
    guard let place = (0..<values.count).first(where: { !values[$0].isFinite }) else { return }
    throw .notFinite(path: file.path, tensor: name, index: place, value: values[place])
  }

  /// Reads one tensor of a moment, where the checkpoint has it.
  ///
  /// - Throws: it is of another shape, or holds a value that is not finite.
  public func readMomentTensor(
    _ moment: String, of tensor: String, shape: [Int], into values: Vector
  ) throws(CheckpointError) {
    let name = "\(moment).\(tensor)"
    if optimizer.contains(name) { try read(name, shape: shape, from: optimizer, into: values) }
  }

  /// - Parameter names: of tasks.
  /// - Throws: it is a checkpoint of another task, whose parameters mean something else.
  public func requireTask(_ names: [String]) throws(CheckpointError) {
    guard !names.contains(state.task) else { return }
    throw .otherTask(path: path, expected: names.joined(separator: " or "), found: state.task)
  }

  /// The hash of all parameters: names, shapes and bits.
  public func parameterHash() throws(CheckpointError) -> String {
    try fromSafetensors { () throws(SafetensorsError) in try model.parameterHash() }
  }

  /// The hash of the optimiser's state: names, shapes and bits.
  public func optimizerHash() throws(CheckpointError) -> String {
    try fromSafetensors { () throws(SafetensorsError) in try optimizer.parameterHash() }
  }

  private init(verified path: String, passedOver: [PassedOverCheckpoint]) throws(CheckpointError) {
    self.path = path
    self.passedOver = passedOver
    // A file system without locks, or a folder that may not be opened this way, is no reason not to read.
    lock = try? FileLock("\(path)/\(CheckpointManifest.fileName)", .shared)
    state = try CheckpointState(contentsOf: "\(path)/\(CheckpointLayout.stateFile)")
    model = try fromSafetensors { () throws(SafetensorsError) in
      try SafetensorsFile(path: "\(path)/\(CheckpointLayout.modelFile)")
    }
    optimizer = try fromSafetensors { () throws(SafetensorsError) in
      try SafetensorsFile(path: "\(path)/\(CheckpointLayout.optimizerFile)")
    }
    let constantsPath = "\(path)/\(CheckpointLayout.constantsFile)"
    constants =
      try Self.exists(constantsPath)
      ? try fromSafetensors { () throws(SafetensorsError) in try SafetensorsFile(path: constantsPath) } : nil
  }

  private static func openOne(_ path: String, hashes: Bool) throws(CheckpointError) -> Checkpoint {
    if let defect = try examineCheckpoint(path, step: nil, hashes: hashes) {
      throw .invalid(path: path, defect)
    }
    return try Checkpoint(verified: path, passedOver: [])
  }

  private static func isStepFolder(_ path: String) -> Bool {
    path.split(separator: "/").last.map { CheckpointStore.step(of: String($0)) != nil } ?? false
  }

  /// Whether `path` is a file of weights or a folder with one, by the names that others give them.
  private static func holdsForeignWeights(_ path: String) throws(CheckpointError) -> Bool {
    let endings = [".safetensors", ".pth", ".pt", ".bin"]
    if endings.contains(where: { path.hasSuffix($0) }) { return true }
    for name in ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin"] {
      if try exists("\(path)/\(name)") { return true }
    }
    return false
  }

  private static func exists(_ path: String) throws(CheckpointError) -> Bool {
    try !isGone(path)
  }

  /// Some consecutive elements of a tensor, and where to put them.
  private struct TensorPart: Sendable {
    let name: String
    let elements: Range<Int>
    let values: Vector
  }

  /// Fills the floats of `tensors`, which must be all that the file has.
  private func read(
    _ tensors: [NamedTensor], from file: SafetensorsFile, _ inParallel: Parallel
  ) throws(CheckpointError) {
    try check(that: file, has: tensors)
    let wanted = tensors.map { TensorPart(name: $0.name, elements: 0..<$0.values.count, values: $0.values) }
    try copy(wanted, from: file, inParallel)
  }

  /// - Throws: the file does not hold `tensors` in their shapes, or holds something else than them and `others`.
  private func check(
    that file: SafetensorsFile, has tensors: [NamedTensor], beside others: [String] = []
  ) throws(CheckpointError) {
    let names = Set(tensors.map(\.name) + others)
    if let unexpected = file.tensors.first(where: { !names.contains($0.name) }) {
      throw .tensorUnexpected(path: file.path, tensor: unexpected.name)
    }
    for tensor in tensors {
      guard file.contains(tensor.name) else { throw .tensorMissing(path: file.path, tensor: tensor.name) }
      let found = try fromSafetensors { () throws(SafetensorsError) in try file.tensor(named: tensor.name).shape }
      guard found == tensor.shape else {
        throw .shapeDiffers(path: file.path, tensor: tensor.name, expected: tensor.shape, found: found)
      }
    }
  }

  private func copy(
    _ parts: [TensorPart], from file: SafetensorsFile, _ inParallel: Parallel
  ) throws(CheckpointError) {
    let failures = Monitor<[Int: SafetensorsError]>([:])
    inParallel(parts.count) { index in
      do throws(SafetensorsError) {
        try file.copyFloats(of: parts[index].name, in: parts[index].elements, to: parts[index].values)
      } catch {
        failures.withLock { $0[index] = error }
      }
    }
    if let first = failures.withLock({ $0.min { $0.key < $1.key } }) { throw .safetensors(first.value) }
  }
}
