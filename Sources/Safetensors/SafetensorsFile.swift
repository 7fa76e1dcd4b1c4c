import Compute
import Files

/// A safetensors file, mapped into memory and checked against every rule of the format.
///
/// Opening reads the header only; tensors are read when they are asked for.
public final class SafetensorsFile: Sendable {
  public let path: String
  /// In the order of their data.
  public let tensors: [SafetensorsTensor]
  /// What `__metadata__` holds; empty when the file has none.
  public let metadata: [String: String]

  private let indices: [String: Int]
  private let file: MappedFile
  private let dataStart: Int

  /// - Throws: the file cannot be read, or breaks a rule of the format.
  public convenience init(path: String) throws(SafetensorsError) {
    let file: MappedFile
    do {
      file = try tryingAgain { () throws(FileError) in try MappedFile(path: path) }
    } catch {
      throw SafetensorsError(path: path, reason: .unreadable(error))
    }
    try self.init(file, path: path)
  }

  init(_ file: MappedFile, path: String) throws(SafetensorsError) {
    let header = try SafetensorsHeader(file.bytes, path: path)
    self.path = path
    self.file = file
    tensors = header.tensors
    metadata = header.metadata
    dataStart = header.dataStart
    indices = Dictionary(uniqueKeysWithValues: tensors.indices.map { (header.tensors[$0].name, $0) })
  }

  public func tensor(named name: String) throws(SafetensorsError) -> SafetensorsTensor {
    guard let index = indices[name] else {
      throw SafetensorsError(path: path, tensor: name, reason: .noSuchTensor)
    }
    return tensors[index]
  }

  public func contains(_ name: String) -> Bool { indices[name] != nil }

  /// The tensor's bytes, in place: little-endian elements, at any alignment, valid inside `body` only.
  public func withBytes<Result>(of tensor: SafetensorsTensor, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    let range = dataStart + tensor.range.lowerBound..<dataStart + tensor.range.upperBound
    defer { extendLifetime(self) }
    return body(UnsafeRawBufferPointer(rebasing: file.bytes[range]))
  }

  /// A tensor's elements as floats: F32 as it is, BF16 and F16 converted exactly.
  ///
  /// - Throws: there is no such tensor, or its type is another.
  public func floats(of name: String) throws(SafetensorsError) -> [Float] {
    let tensor = try tensor(named: name)
    // Checked before memory is taken.
    try checkFloats(tensor)
    return [Float](unsafeUninitializedCapacity: tensor.elementCount) { buffer, count in
      if let base = buffer.baseAddress {
        convert(tensor, 0..<tensor.elementCount, to: base)
      }
      count = tensor.elementCount
    }
  }

  /// Copies a tensor's elements to `floats`, which has as many; conversion as in ``floats(of:)``.
  ///
  /// - Throws: there is no such tensor, its type is another, or it has another number of elements.
  public func copyFloats(of name: String, to floats: Vector) throws(SafetensorsError) {
    let tensor = try tensor(named: name)
    try checkFloats(tensor)
    guard tensor.elementCount == floats.count else {
      throw SafetensorsError(
        path: path, tensor: name,
        reason: .wrongElementCount(expected: floats.count, found: tensor.elementCount))
    }
    convert(tensor, 0..<tensor.elementCount, to: floats.base)
  }

  /// Copies the elements `range` of a tensor to `floats`, which has as many.
  ///
  /// - Throws: there is no such tensor, its type is another, or it ends before `range` does.
  public func copyFloats(of name: String, in range: Range<Int>, to floats: Vector) throws(SafetensorsError) {
    precondition(range.count == floats.count, "\(range) in memory for \(floats.count) floats")
    let tensor = try tensor(named: name)
    try checkFloats(tensor)
    guard range.upperBound <= tensor.elementCount else {
      throw SafetensorsError(
        path: path, tensor: name,
        reason: .wrongElementCount(expected: range.upperBound, found: tensor.elementCount))
    }
    convert(tensor, range, to: floats.base)
  }

  private func checkFloats(_ tensor: SafetensorsTensor) throws(SafetensorsError) {
    switch tensor.type {
    case .float32, .bfloat16, .float16: return
    default: throw SafetensorsError(path: path, tensor: tensor.name, reason: .notFloats(tensor.type))
    }
  }

  private func convert(_ tensor: SafetensorsTensor, _ range: Range<Int>, to floats: UnsafeMutablePointer<Float>) {
    withBytes(of: tensor) { all in
      let size = tensor.elementCount == 0 ? 0 : all.count / tensor.elementCount
      let bytes = UnsafeRawBufferPointer(rebasing: all[size * range.lowerBound..<size * range.upperBound])
      switch tensor.type {
      case .bfloat16:
        for index in 0..<range.count {
          floats[index] = float(bfloat16: bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
        }
      case .float16:
        for index in 0..<range.count {
          floats[index] = float(float16: bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
        }
      default:
        UnsafeMutableRawBufferPointer(start: floats, count: bytes.count).copyMemory(from: bytes)
      }
    }
  }
}
