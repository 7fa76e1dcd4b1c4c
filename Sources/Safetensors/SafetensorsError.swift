import Files

/// A safetensors file that breaks a rule of the format, or does not hold what was asked of it.
public struct SafetensorsError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Reason: Equatable, Sendable {
    case unreadable(FileError)
    /// The file ends before the 8 bytes of the header's length.
    case tooShort(fileSize: Int)
    case headerTooShort(length: UInt64)
    case headerTooLong(length: UInt64, limit: Int)
    case headerBeyondEnd(length: Int, available: Int)
    case headerNotAnObject(firstByte: UInt8)
    case headerNotUTF8(offset: Int)
    case headerNotJSON(offset: Int, expected: String)
    case headerTooDeep(offset: Int, limit: Int)
    case duplicateKey(String)
    case metadataNotStrings
    case fieldMissing(String)
    case fieldMalformed(String, expected: String)
    case negativeNumber(String)
    case numberTooLarge(String)
    case unknownType(String)
    case tooManyDimensions(limit: Int)
    case shapeOverflow([Int])
    case sizeMismatch(expected: Int, found: Int)
    case offsetsReversed(begin: Int, end: Int)
    case dataStartsLate(begin: Int)
    case overlap(begin: Int, previousEnd: Int)
    case hole(begin: Int, previousEnd: Int)
    case dataEndsEarly(end: Int, dataSize: Int)
    case dataBeyondEnd(end: Int, dataSize: Int)
    case noSuchTensor
    case notFloats(TensorType)
    case wrongElementCount(expected: Int, found: Int)
    case noModelFile
    case unsafeShardName(String)
    case tensorNotInShard(String)
    case tensorNotInIndex(shard: String)
  }

  public let path: String
  /// The tensor in question, where it is about one.
  public let tensor: String?
  public let reason: Reason

  public init(path: String, tensor: String? = nil, reason: Reason) {
    self.path = path
    self.tensor = tensor
    self.reason = reason
  }

  public var description: String {
    if case .unreadable(let error) = reason {
      return error.description
    }
    let file = "\"\(escaped(path))\""
    let place = tensor.map { "\(file), tensor \"\($0)\"" } ?? file
    return "\(place): \(explanation)"
  }

  private var explanation: String {
    switch reason {
    case .unreadable(let error):
      error.description
    case .tooShort(let fileSize):
      "a safetensors file begins with 8 bytes for the length of its header, this file has only \(fileSize)"
    case .headerTooShort(let length):
      "the header is said to have \(length) bytes, the shortest one, {}, has 2; this is no safetensors file"
    case .headerTooLong(let length, let limit):
      "the header is said to have \(length) bytes, more than the format's limit of \(limit); "
        + "this is no safetensors file"
    case .headerBeyondEnd(let length, let available):
      "the header is said to have \(length) bytes, but only \(available) follow; the file was cut short"
    case .headerNotAnObject(let firstByte):
      "the header must begin with { but begins with byte \(firstByte); this is no safetensors file"
    case .headerNotUTF8(let offset):
      "byte \(offset) of the header is not valid UTF-8"
    case .headerNotJSON(let offset, let expected):
      "the header is not valid JSON: expected \(expected) at byte \(offset)"
    case .headerTooDeep(let offset, let limit):
      "the header nests arrays and objects more than \(limit) deep at byte \(offset)"
    case .duplicateKey(let key):
      "the header has the key \"\(key)\" twice"
    case .metadataNotStrings:
      "__metadata__ must map strings to strings"
    case .fieldMissing(let field):
      "the header gives no \(field)"
    case .fieldMalformed(let field, let expected):
      "\(field) must be \(expected)"
    case .negativeNumber(let field):
      "\(field) has a negative number"
    case .numberTooLarge(let field):
      "\(field) has a number that does not fit 63 bits"
    case .unknownType(let type):
      "the element type \"\(type)\" is not known here"
    case .tooManyDimensions(let limit):
      "it has more than \(limit) dimensions"
    case .shapeOverflow(let shape):
      "the size of shape \(shape) does not fit 63 bits"
    case .sizeMismatch(let expected, let found):
      "its shape and type need \(expected) bytes, its offsets give it \(found)"
    case .offsetsReversed(let begin, let end):
      "its data ends at \(end), before it begins at \(begin)"
    case .dataStartsLate(let begin):
      "the first tensor's data must begin at 0 but begins at \(begin)"
    case .overlap(let begin, let previousEnd):
      "its data begins at \(begin), inside the tensor before it, which ends at \(previousEnd)"
    case .hole(let begin, let previousEnd):
      "its data begins at \(begin), leaving a hole after the tensor before it, which ends at \(previousEnd)"
    case .dataEndsEarly(let end, let dataSize):
      "the tensors end at \(end), but the file has \(dataSize) bytes of data"
    case .dataBeyondEnd(let end, let dataSize):
      "the tensors end at \(end), but the file has only \(dataSize) bytes of data; it was cut short"
    case .noSuchTensor:
      "there is no tensor of that name"
    case .notFloats(let type):
      "its type is \(type.rawValue), where F32, BF16 or F16 was expected"
    case .wrongElementCount(let expected, let found):
      "it has \(found) elements, where \(expected) were expected"
    case .noModelFile:
      "there is neither model.safetensors nor model.safetensors.index.json"
    case .unsafeShardName(let name):
      "the shard \"\(escaped(name))\" must be the plain name of a file beside the index"
    case .tensorNotInShard(let shard):
      "the index says that it is in \"\(shard)\", which does not have it"
    case .tensorNotInIndex(let shard):
      "it is in the shard \"\(shard)\", but the index does not say so"
    }
  }
}
