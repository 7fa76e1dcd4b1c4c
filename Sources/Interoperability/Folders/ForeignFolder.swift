import Files
import Safetensors

/// Where another program left weights: the safetensors files, and the configuration beside them.
struct ForeignFolder {
  /// What was asked for.
  let path: String
  let weights: SafetensorsModel
  let configurationPath: String
  let preprocessingPath: String

  /// - Parameter path: a folder with `model.safetensors`, with shards and their index, or with a single safetensors
  ///   file; or such a file.
  /// - Throws: nothing of that kind is there; a pickle is named together with the way out.
  init(_ path: String) throws(InteroperabilityError) {
    self.path = path
    let found = try interoperating(InteroperabilityError.file) { () throws(FileError) in
      try fileKindFollowingLinks(path)
    }
    guard let found else { throw .nothingThere(path: path) }
    let isFolder = found == .directory
    let folder = isFolder ? path : parentDirectory(of: path)
    configurationPath = "\(folder)/config.json"
    preprocessingPath = "\(folder)/preprocessor_config.json"
    let file = isFolder ? try Self.weightFile(in: path) : path
    guard !Self.isPickle(file) else { throw .pickled(path: file) }
    weights = try interoperating(InteroperabilityError.safetensors) { () throws(SafetensorsError) in
      try SafetensorsModel(path: file)
    }
  }

  /// What to open for a folder: itself where the names are the usual ones.
  private static func weightFile(in folder: String) throws(InteroperabilityError) -> String {
    let names = try interoperating(InteroperabilityError.file) { () throws(FileError) in try listDirectory(folder) }
    if names.contains("model.safetensors") || names.contains("model.safetensors.index.json") { return folder }
    let files = names.filter { $0.hasSuffix(".safetensors") }
    if files.count == 1 { return "\(folder)/\(files[0])" }
    guard let pickle = names.first(where: isPickle) else { throw .noWeights(path: folder) }
    throw .pickled(path: "\(folder)/\(pickle)")
  }

  /// Judged by the name alone: what is in such a file is not looked at.
  private static func isPickle(_ name: String) -> Bool {
    [".pth", ".pt", ".bin", ".ckpt", ".pkl", ".tar"].contains { name.lowercased().hasSuffix($0) }
  }
}
