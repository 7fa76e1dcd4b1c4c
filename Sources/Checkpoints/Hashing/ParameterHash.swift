import Compute
import Hashing
import Safetensors

/// One hash over named tensors of floats: equal exactly when names, shapes, order and every bit of every float
/// are equal.
///
/// Fed to XXH3-128, numbers as little-endian 64-bit words: for each tensor the length of its name in bytes, the
/// name in UTF-8, the number of dimensions, each dimension, then the floats' bytes. Because lengths come first,
/// two different lists of tensors never feed the same bytes.
public final class ParameterHash {
  private let hash = ContentHash()

  public init() {}

  /// - Parameter shape: its product is `values.count`.
  public func add(name: String, shape: [Int], values: Vector) {
    add(name: name, shape: shape, floatBytes: UnsafeRawBufferPointer(start: values.base, count: values.count * 4))
  }

  /// - Parameter floatBytes: little-endian binary32, at any alignment; four for each element of `shape`.
  public func add(name: String, shape: [Int], floatBytes: UnsafeRawBufferPointer) {
    precondition(shape.reduce(4, *) == floatBytes.count, "\(name): \(floatBytes.count) bytes are not \(shape) floats")
    var name = name
    name.withUTF8 { bytes in
      hash.update(UInt64(bytes.count))
      hash.update(UnsafeRawBufferPointer(bytes))
    }
    hash.update(UInt64(shape.count))
    for dimension in shape {
      hash.update(UInt64(dimension))
    }
    hash.update(floatBytes)
  }

  /// 32 hexadecimal digits.
  public var hexadecimal: String { hash.hexadecimal }
}

extension SafetensorsFile {
  /// The hash of all tensors in the order of their data.
  ///
  /// - Throws: a tensor whose type is none that `floats(of:)` reads.
  public func parameterHash() throws(SafetensorsError) -> String {
    let hash = ParameterHash()
    for tensor in tensors {
      if tensor.type == .float32 {
        withBytes(of: tensor) { hash.add(name: tensor.name, shape: tensor.shape, floatBytes: $0) }
      } else {
        try floats(of: tensor.name).withUnsafeBytes {
          hash.add(name: tensor.name, shape: tensor.shape, floatBytes: $0)
        }
      }
    }
    return hash.hexadecimal
  }
}
