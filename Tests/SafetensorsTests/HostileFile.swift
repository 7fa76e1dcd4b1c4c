import Files
import Safetensors
import Testing

/// A file of a header and `dataSize` bytes of data.
func fileBytes(_ header: String, dataSize: Int = 0) -> [UInt8] {
  fileBytes(Array(header.utf8), dataSize: dataSize)
}

func fileBytes(_ header: [UInt8], dataSize: Int = 0, length: UInt64? = nil) -> [UInt8] {
  withUnsafeBytes(of: (length ?? UInt64(header.count)).littleEndian, Array.init) + header
    + [UInt8](repeating: 7, count: dataSize)
}

func entry(_ shape: String, _ offsets: String, type: String = "U8") -> String {
  "{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}"
}

/// A file that breaks one rule, and how that must be reported.
struct HostileFile: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let bytes: [UInt8]
  let tensor: String?
  let reason: SafetensorsError.Reason

  init(_ name: String, _ bytes: [UInt8], _ reason: SafetensorsError.Reason, tensor: String? = nil) {
    testDescription = name
    self.bytes = bytes
    self.tensor = tensor
    self.reason = reason
  }

  static let all: [HostileFile] = length + json + entries + data

  static let length = [
    HostileFile("empty file", [], .tooShort(fileSize: 0)),
    HostileFile("seven bytes", [1, 2, 3, 4, 5, 6, 7], .tooShort(fileSize: 7)),
    HostileFile("header of one byte", fileBytes("{"), .headerTooShort(length: 1)),
    HostileFile(
      "header over the limit", fileBytes([0x7B], length: 100_000_001),
      .headerTooLong(length: 100_000_001, limit: 100_000_000)),
    HostileFile(
      "header of 2^64 - 1", fileBytes([0x7B], length: .max), .headerTooLong(length: .max, limit: 100_000_000)),
    HostileFile(
      "header beyond the end", fileBytes(Array("{}".utf8), length: 100_000_000),
      .headerBeyondEnd(length: 100_000_000, available: 2)),
  ]

  static let json = [
    HostileFile("header is an array", fileBytes("[]"), .headerNotAnObject(firstByte: 0x5B)),
    HostileFile("header begins with a space", fileBytes(" {}"), .headerNotAnObject(firstByte: 0x20)),
    HostileFile("not UTF-8", fileBytes([0x7B, 0x22, 0xC3, 0x28, 0x22, 0x7D]), .headerNotUTF8(offset: 2)),
    HostileFile("overlong UTF-8", fileBytes([0x7B, 0x22, 0xC0, 0x80, 0x22, 0x7D]), .headerNotUTF8(offset: 2)),
    HostileFile("never closed", fileBytes("{ "), .headerNotJSON(offset: 2, expected: "\"")),
    HostileFile("two values", fileBytes("{}{}"), .headerNotJSON(offset: 2, expected: "the end")),
    HostileFile(
      "comma at the end", fileBytes("{\"a\":\(entry("[0]", "[0,0]")),}"), .headerNotJSON(offset: 53, expected: "\"")),
    HostileFile("half a surrogate pair", fileBytes(#"{"\ud83d":1}"#), .headerNotJSON(offset: 8, expected: surrogate)),
    HostileFile("wrong surrogate", fileBytes(#"{"\ud83d\u0041":1}"#), .headerNotJSON(offset: 14, expected: surrogate)),
    HostileFile(
      "line break in a string", fileBytes("{\"\n\":1}"), .headerNotJSON(offset: 2, expected: "a character of a string")),
    HostileFile("unknown escape", fileBytes(#"{"\x":1}"#), .headerNotJSON(offset: 3, expected: "an escape")),
    HostileFile(
      "string never closed", fileBytes(#"{"a\n"#), .headerNotJSON(offset: 5, expected: "the end of a string")),
    HostileFile(
      "leading zero", fileBytes("{\"a\":\(entry("[01]", "[0,1]"))}", dataSize: 1),
      .headerNotJSON(offset: 29, expected: "]"), tensor: "a"),
    HostileFile(
      "deep arrays", fileBytes("{\"a\":" + String(repeating: "[", count: 100_000)),
      .headerTooDeep(offset: 20, limit: 16), tensor: "a"),
    HostileFile(
      "deep objects in an unknown field", fileBytes("{\"a\":{\"x\":" + String(repeating: "{\"\":", count: 100_000)),
      .headerTooDeep(offset: 66, limit: 16), tensor: "a"),
    HostileFile(
      "duplicate tensor", fileBytes("{\"a\":\(entry("[1]", "[0,1]")),\"a\":\(entry("[1]", "[1,2]"))}", dataSize: 2),
      .duplicateKey("a")),
    HostileFile(
      "duplicate by an escape", fileBytes("{\"a\":\(entry("[1]", "[0,1]")),\"\\u0061\":1}", dataSize: 2),
      .duplicateKey("a")),
    HostileFile(
      "duplicate field", fileBytes(#"{"a":{"dtype":"U8","dtype":"I8"}}"#), .duplicateKey("dtype"), tensor: "a"),
    HostileFile(
      "duplicate metadata", fileBytes(#"{"__metadata__":{"k":"1","k":"2"}}"#), .duplicateKey("k")),
  ]

  private static let surrogate = "the second half of a surrogate pair"

  static let entries = [
    HostileFile("metadata of numbers", fileBytes(#"{"__metadata__":{"k":1}}"#), .metadataNotStrings),
    HostileFile("metadata is an array", fileBytes(#"{"__metadata__":["k"]}"#), .metadataNotStrings),
    HostileFile(
      "entry is a string", fileBytes(#"{"a":"b"}"#), .fieldMalformed("its entry", expected: "an object"), tensor: "a"),
    HostileFile(
      "no dtype", fileBytes(#"{"a":{"shape":[],"data_offsets":[0,0]}}"#), .fieldMissing("dtype"), tensor: "a"),
    HostileFile(
      "no shape", fileBytes(#"{"a":{"dtype":"U8","data_offsets":[0,0]}}"#), .fieldMissing("shape"), tensor: "a"),
    HostileFile(
      "no offsets", fileBytes(#"{"a":{"dtype":"U8","shape":[]}}"#), .fieldMissing("data_offsets"), tensor: "a"),
    HostileFile(
      "dtype is a number", fileBytes(#"{"a":{"dtype":8}}"#), .fieldMalformed("dtype", expected: "a string"), tensor: "a"
    ),
    HostileFile(
      "shape is a number", fileBytes(#"{"a":{"shape":8}}"#), .fieldMalformed("shape", expected: "an array"), tensor: "a"
    ),
    HostileFile(
      "shape of strings", fileBytes(#"{"a":{"shape":["8"]}}"#),
      .fieldMalformed("shape", expected: "made of whole numbers"), tensor: "a"),
    HostileFile(
      "fraction in the shape", fileBytes(#"{"a":{"shape":[1.0]}}"#),
      .fieldMalformed("shape", expected: "made of whole numbers"), tensor: "a"),
    HostileFile(
      "65 dimensions",
      fileBytes("{\"a\":\(entry("[" + String(repeating: "1,", count: 64) + "1]", "[0,1]"))}", dataSize: 1),
      .tooManyDimensions(limit: 64), tensor: "a"),
    HostileFile(
      "one offset", fileBytes("{\"a\":\(entry("[1]", "[1]"))}", dataSize: 1),
      .fieldMalformed("data_offsets", expected: "a pair of whole numbers"), tensor: "a"),
    HostileFile(
      "unknown type", fileBytes("{\"a\":\(entry("[1]", "[0,1]", type: "F33"))}", dataSize: 1), .unknownType("F33"),
      tensor: "a"),
    HostileFile(
      "negative dimension", fileBytes("{\"a\":\(entry("[-1]", "[0,1]"))}", dataSize: 1), .negativeNumber("shape"),
      tensor: "a"),
    HostileFile(
      "negative offset", fileBytes("{\"a\":\(entry("[1]", "[-1,0]"))}", dataSize: 1), .negativeNumber("data_offsets"),
      tensor: "a"),
    HostileFile(
      "dimension of 2^63", fileBytes("{\"a\":\(entry("[9223372036854775808]", "[0,1]"))}", dataSize: 1),
      .numberTooLarge("shape"), tensor: "a"),
    HostileFile(
      "shape whose size is 2^64, zero in 64 bits",
      fileBytes("{\"a\":\(entry("[4294967296,4294967296]", "[0,0]"))}"),
      .shapeOverflow([4_294_967_296, 4_294_967_296]), tensor: "a"),
    HostileFile(
      "shape that overflows by its type",
      fileBytes("{\"a\":\(entry("[4611686018427387904]", "[0,0]", type: "F32"))}"),
      .shapeOverflow([4_611_686_018_427_387_904]), tensor: "a"),
    HostileFile(
      "wrong size", fileBytes("{\"a\":\(entry("[2,3]", "[0,23]", type: "F32"))}", dataSize: 23),
      .sizeMismatch(expected: 24, found: 23), tensor: "a"),
  ]

  static let data = [
    HostileFile(
      "offsets reversed", fileBytes("{\"a\":\(entry("[1]", "[1,0]"))}", dataSize: 1),
      .offsetsReversed(begin: 1, end: 0), tensor: "a"),
    HostileFile(
      "not at 0", fileBytes("{\"a\":\(entry("[1]", "[1,2]"))}", dataSize: 2), .dataStartsLate(begin: 1), tensor: "a"),
    HostileFile(
      "overlap", fileBytes("{\"a\":\(entry("[2]", "[0,2]")),\"b\":\(entry("[2]", "[1,3]"))}", dataSize: 3),
      .overlap(begin: 1, previousEnd: 2), tensor: "b"),
    HostileFile(
      "the same bytes twice", fileBytes("{\"a\":\(entry("[2]", "[0,2]")),\"b\":\(entry("[2]", "[0,2]"))}", dataSize: 2),
      .overlap(begin: 0, previousEnd: 2), tensor: "b"),
    HostileFile(
      "empty tensor inside another",
      fileBytes("{\"a\":\(entry("[2]", "[0,2]")),\"b\":\(entry("[0]", "[1,1]"))}", dataSize: 2),
      .overlap(begin: 1, previousEnd: 2), tensor: "b"),
    HostileFile(
      "hole", fileBytes("{\"b\":\(entry("[1]", "[2,3]")),\"a\":\(entry("[1]", "[0,1]"))}", dataSize: 3),
      .hole(begin: 2, previousEnd: 1), tensor: "b"),
    HostileFile(
      "bytes after the last tensor", fileBytes("{\"a\":\(entry("[1]", "[0,1]"))}", dataSize: 2),
      .dataEndsEarly(end: 1, dataSize: 2)),
    HostileFile("data without tensors", fileBytes("{}", dataSize: 1), .dataEndsEarly(end: 0, dataSize: 1)),
    HostileFile(
      "cut short", fileBytes("{\"a\":\(entry("[9]", "[0,9]"))}", dataSize: 8), .dataBeyondEnd(end: 9, dataSize: 8)),
    HostileFile(
      "claims 2^62 bytes", fileBytes("{\"a\":\(entry("[4611686018427387904]", "[0,4611686018427387904]"))}"),
      .dataBeyondEnd(end: 1 << 62, dataSize: 0)),
  ]
}
