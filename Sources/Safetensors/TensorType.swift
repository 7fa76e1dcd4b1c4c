/// The element types of the safetensors format whose elements are whole bytes.
public enum TensorType: String, Sendable, CaseIterable {
  case bool = "BOOL"
  case unsigned8 = "U8"
  case signed8 = "I8"
  case unsigned16 = "U16"
  case signed16 = "I16"
  case unsigned32 = "U32"
  case signed32 = "I32"
  case unsigned64 = "U64"
  case signed64 = "I64"
  case float8e4m3 = "F8_E4M3"
  case float8e5m2 = "F8_E5M2"
  case float8e8m0 = "F8_E8M0"
  case bfloat16 = "BF16"
  case float16 = "F16"
  case float32 = "F32"
  case float64 = "F64"
  case complex64 = "C64"

  /// The size of one element.
  public var byteCount: Int {
    switch self {
    case .bool, .unsigned8, .signed8, .float8e4m3, .float8e5m2, .float8e8m0: 1
    case .unsigned16, .signed16, .bfloat16, .float16: 2
    case .unsigned32, .signed32, .float32: 4
    case .unsigned64, .signed64, .float64, .complex64: 8
    }
  }
}

/// One tensor of a safetensors file.
public struct SafetensorsTensor: Equatable, Sendable {
  public let name: String
  public let type: TensorType
  /// Rows first; empty for a scalar.
  public let shape: [Int]
  /// Where its bytes lie in the file's data.
  public let range: Range<Int>

  /// The product of the shape: 1 for a scalar.
  public var elementCount: Int { range.count / type.byteCount }
}
