import Compute
import Parameters
import Safetensors

/// Reads the tensors of a file that others left, by the names of a parameter table, and remembers which were read.
struct TensorReader {
  let source: SourceModel
  /// One sentence for each thing that was assumed.
  private(set) var notes: [String] = []
  private var used: Set<String> = []

  init(_ source: SourceModel) {
    self.source = source
  }

  private var path: String { source.folder.path }

  /// A tensor of the table, joined of the parts that the file has it in.
  mutating func readJoined(_ spec: ParameterSpec) throws(InteroperabilityError) -> [Float] {
    let parts = source.naming.parts(of: spec.name)
    let shape = [spec.shape[0] / parts.count] + spec.shape.dropFirst()
    if spec.name.hasSuffix("attn.qkv.bias"), parts.allSatisfy({ source.tensor(of: $0) == nil }) {
      let note = "its attention has no biases for query, key and value: they begin at zero"
      if !notes.contains(note) { notes.append(note) }
      return [Float](repeating: 0, count: spec.range.count)
    }
    var values: [Float] = []
    for part in parts { values += try read(part, shape: shape) }
    return values
  }

  /// The tensor that is kept under one of `names`.
  mutating func read(_ names: [String], shape: [Int]) throws(InteroperabilityError) -> [Float] {
    guard let tensor = source.tensor(of: names) else { throw .tensorMissing(path: path, tensor: names[0]) }
    guard tensor.shape == shape else {
      throw .shapeDiffers(path: path, tensor: tensor.name, expected: shape, found: tensor.shape, advice: "")
    }
    used.insert(tensor.name)
    if names.dropFirst().contains(where: { $0.hasPrefix("fc_norm.") && source.tensors[$0]?.name == tensor.name }) {
      notes.append(
        "\(tensor.name), of a classifier's norm over the mean of the patches, is taken as the encoder's last")
    }
    let weights = source.folder.weights
    let values = try interoperating(InteroperabilityError.safetensors) { () throws(SafetensorsError) in
      try weights.floats(of: tensor.name)
    }
    if let index = values.firstIndex(where: { !$0.isFinite }) {
      throw .notFinite(path: path, tensor: tensor.name, index: index, value: values[index])
    }
    return values
  }

  /// - Parameter isPassedOver: whether a tensor that was not read may be left in the file.
  /// - Throws: another one was left.
  mutating func refuseLeftovers(orPassOver isPassedOver: (_ name: String) -> Bool) throws(InteroperabilityError) {
    let left = source.tensors.filter { !used.contains($0.value.name) }.keys.sorted()
    if let unexpected = left.first(where: { !isPassedOver($0) }), let tensor = source.tensors[unexpected] {
      throw .tensorUnexpected(path: path, tensor: tensor.name)
    }
    if !left.isEmpty { notes.append("passed over, as it is no part of the model: \(left.joined(separator: ", "))") }
  }
}
