import Compute
import Files

/// The tensors of a model in safetensors form: one file, or a folder as Hugging Face writes it, whose tensors may
/// be spread over several files by `model.safetensors.index.json`.
public struct SafetensorsModel: Sendable {
  /// What was opened.
  public let path: String
  /// One for a single file, several in the order of their names for shards.
  public let files: [SafetensorsFile]
  private let fileIndices: [String: Int]

  /// - Parameter path: a safetensors file, or a folder with `model.safetensors` or with an index.
  /// - Throws: nothing of that kind is there, a file breaks a rule, or index and shards contradict one another.
  public init(path: String) throws(SafetensorsError) {
    self.path = path
    do {
      guard try fileKindFollowingLinks(path) == .directory else {
        files = [try SafetensorsFile(path: path)]
        fileIndices = [:]
        return
      }
      if try fileKindFollowingLinks("\(path)/model.safetensors") != nil {
        files = [try SafetensorsFile(path: "\(path)/model.safetensors")]
        fileIndices = [:]
        return
      }
      guard try fileKindFollowingLinks("\(path)/model.safetensors.index.json") != nil else {
        throw SafetensorsError(path: path, reason: .noModelFile)
      }
    } catch let error as SafetensorsError {
      throw error
    } catch let error as FileError {
      throw SafetensorsError(path: path, reason: .unreadable(error))
    } catch {
      preconditionFailure("only these two errors are thrown above")
    }
    (files, fileIndices) = try Self.openShards(of: path, index: "\(path)/model.safetensors.index.json")
  }

  /// All tensors, file after file.
  public var tensors: [SafetensorsTensor] { files.flatMap(\.tensors) }

  /// The file that holds the tensor.
  public func file(holding name: String) throws(SafetensorsError) -> SafetensorsFile {
    let file = files[fileIndices[name] ?? 0]
    guard file.contains(name) else {
      throw SafetensorsError(path: path, tensor: name, reason: .noSuchTensor)
    }
    return file
  }

  /// As ``SafetensorsFile/floats(of:)``.
  public func floats(of name: String) throws(SafetensorsError) -> [Float] {
    try file(holding: name).floats(of: name)
  }

  /// As ``SafetensorsFile/copyFloats(of:to:)``.
  public func copyFloats(of name: String, to floats: Vector) throws(SafetensorsError) {
    try file(holding: name).copyFloats(of: name, to: floats)
  }

  private static func openShards(
    of folder: String, index path: String
  ) throws(SafetensorsError) -> ([SafetensorsFile], [String: Int]) {
    let shardNames = try readIndex(path)
    let names = Set(shardNames.values).sorted()
    var files: [SafetensorsFile] = []
    for name in names {
      guard !name.isEmpty, !name.hasPrefix("."), !name.contains("/") else {
        throw SafetensorsError(path: path, reason: .unsafeShardName(name))
      }
      files.append(try SafetensorsFile(path: "\(folder)/\(name)"))
    }
    for (file, name) in zip(files, names) {
      for tensor in file.tensors where shardNames[tensor.name] != name {
        throw SafetensorsError(path: path, tensor: tensor.name, reason: .tensorNotInIndex(shard: name))
      }
    }
    var indices: [String: Int] = [:]
    for (tensor, shard) in shardNames.sorted(by: { $0.key < $1.key }) {
      guard let index = names.firstIndex(of: shard), files[index].contains(tensor) else {
        throw SafetensorsError(path: path, tensor: tensor, reason: .tensorNotInShard(shard))
      }
      indices[tensor] = index
    }
    return (files, indices)
  }

  /// The shard of each tensor.
  private static func readIndex(_ path: String) throws(SafetensorsError) -> [String: String] {
    let file: MappedFile
    do {
      file = try tryingAgain { () throws(FileError) in try MappedFile(path: path) }
    } catch {
      throw SafetensorsError(path: path, reason: .unreadable(error))
    }
    var shards: [String: String]?
    var json = try StrictJSON(file.bytes, path: path)
    try json.object { (json: inout StrictJSON, key: String) throws(SafetensorsError) in
      guard key == "weight_map" else { return try json.skipValue() }
      var map: [String: String] = [:]
      try json.object { (json: inout StrictJSON, tensor: String) throws(SafetensorsError) in
        map[tensor] = try json.string()
      }
      shards = map
    }
    try json.end()
    guard let shards, !shards.isEmpty else {
      throw SafetensorsError(path: path, reason: .fieldMissing("weight_map"))
    }
    return shards
  }
}
