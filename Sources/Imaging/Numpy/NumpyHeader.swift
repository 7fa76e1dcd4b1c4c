/// What NumPy's `.npy` files begin with: magic, version, and a Python dictionary that says how the numbers lie
/// (numpy.lib.format, versions 1 to 3).
public struct NumpyHeader: Sendable, Equatable {
  /// The types of numbers that are read; the names are NumPy's `descr`.
  public enum Element: String, Sendable, CaseIterable {
    case uint8 = "|u1"
    case uint16 = "<u2"
    case float32 = "<f4"
    case float64 = "<f8"
    // Of labels only.
    case bool = "|b1"
    case int8 = "|i1"
    case int16 = "<i2"
    case int32 = "<i4"
    case uint32 = "<u4"
    case int64 = "<i8"
    case uint64 = "<u8"

    public var byteCount: Int { self == .bool ? 1 : rawValue.utf8.last.map { Int($0) - 48 }! }

    /// What images of such numbers have as samples; nil where such numbers are no samples.
    public var sampleKind: SampleKind? {
      switch self {
      case .uint8: .uint8
      case .uint16: .uint16
      case .float32, .float64: .float32
      default: nil
      }
    }
  }

  public let element: Element
  public let shape: [Int]
  /// Where the numbers begin.
  public let dataOffset: Int
  /// How many bytes they take.
  public let dataCount: Int

  /// The first bytes of a file that hold any header: NumPy itself reads none that is longer than 10,000 bytes.
  public static let longest = 12 + 10_000

  public static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// Reads the header at the beginning of `bytes`; `name` is what an error calls the file.
  public init(_ bytes: some Collection<UInt8>, name: String) throws(ImagingError) {
    do throws(CodecFailure) {
      try self.init(Array(bytes.prefix(Self.longest)))
    } catch {
      throw .undecodable(name: name, kind: .numpy, reason: error.reason)
    }
  }

  init(_ bytes: [UInt8]) throws(CodecFailure) {
    guard bytes.count >= 12, bytes.starts(with: Self.magic) else {
      throw CodecFailure(reason: "it ends within its header")
    }
    guard (1...3).contains(bytes[6]) else { throw CodecFailure(reason: "it has the unknown version \(bytes[6])") }
    let start = bytes[6] == 1 ? 10 : 12
    let length = bytes[8..<start].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard start + length <= min(bytes.count, Self.longest) else {
      throw CodecFailure(reason: "its header of \(length) bytes is not there or too long")
    }
    var literal = PythonLiteral(bytes[start..<start + length])
    let entries = try literal.dictionary()
    guard case .text(let type)? = entries["descr"], case .truth(let isFortran)? = entries["fortran_order"],
      case .numbers(let shape)? = entries["shape"], entries.count == 3
    else { throw Self.refusal(of: entries) }
    element = try Self.element(type)
    guard !isFortran else {
      throw CodecFailure(reason: "it is in Fortran order; save numpy.ascontiguousarray(array) instead")
    }
    var count = element.byteCount
    for size in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard !overflow else { throw CodecFailure(reason: "its shape \(shape) is too large") }
      count = product
    }
    (self.shape, dataOffset, dataCount) = (shape, start + length, count)
  }

  private static func refusal(of entries: [String: PythonLiteral.Value]) -> CodecFailure {
    if case .list? = entries["descr"] {
      return CodecFailure(reason: "it holds records of several fields; save one array of plain numbers instead")
    }
    return CodecFailure(reason: "its header does not say descr, fortran_order and shape")
  }

  private static func element(_ type: String) throws(CodecFailure) -> Element {
    if let element = Element(rawValue: type) { return element }
    let reason =
      if type.contains("O") {
        "it holds Python objects, which are never read; save one array of plain numbers instead"
      } else if type.hasPrefix(">") {
        "its numbers are big-endian (\(type)); save array.astype('<\(type.dropFirst())') instead"
      } else {
        "its numbers are \(type); save array.astype('float32') or another of uint8, uint16, float32 and float64 instead"
      }
    throw CodecFailure(reason: reason)
  }
}

/// As much of Python's syntax as the header of an array has: a dictionary of strings, truth values and tuples of whole
/// numbers. What else may stand there is told apart, not read.
struct PythonLiteral {
  enum Value: Equatable {
    case text(String)
    case truth(Bool)
    case numbers([Int])
    case list
  }

  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  mutating func dictionary() throws(CodecFailure) -> [String: Value] {
    var entries: [String: Value] = [:]
    try take("{")
    while !isNext("}") {
      guard entries.count < 8 else { throw damaged }
      let key = try text()
      try take(":")
      guard entries.updateValue(try value(), forKey: key) == nil else { throw damaged }
      if !isNext("}") { try take(",") }
    }
    return entries
  }

  private mutating func value() throws(CodecFailure) -> Value {
    skipBlanks()
    switch rest.first {
    case UInt8(ascii: "'"), UInt8(ascii: "\""): return .text(try text())
    case UInt8(ascii: "("): return .numbers(try numbers())
    case UInt8(ascii: "["):
      try skipList()
      return .list
    default: break
    }
    for (word, value) in [("True", true), ("False", false)] where rest.starts(with: Array(word.utf8)) {
      rest = rest.dropFirst(word.utf8.count)
      return .truth(value)
    }
    throw damaged
  }

  private mutating func text() throws(CodecFailure) -> String {
    skipBlanks()
    guard let quote = rest.popFirst(), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\""),
      let end = rest.firstIndex(of: quote)
    else { throw damaged }
    let text = String(decoding: rest[..<end], as: UTF8.self)
    rest = rest[(end + 1)...]
    return text
  }

  private mutating func numbers() throws(CodecFailure) -> [Int] {
    var numbers: [Int] = []
    try take("(")
    while !isNext(")") {
      skipBlanks()
      let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      guard numbers.count < 8, let number = Int(String(decoding: digits, as: UTF8.self)) else { throw damaged }
      numbers.append(number)
      rest = rest.dropFirst(digits.count)
      // Python 2 wrote long numbers so.
      if rest.first == UInt8(ascii: "L") { rest = rest.dropFirst() }
      if !isNext(")") { try take(",") }
    }
    try take(")")
    return numbers
  }

  private mutating func skipList() throws(CodecFailure) {
    var depth = 0
    repeat {
      guard let byte = rest.popFirst() else { throw damaged }
      if byte == UInt8(ascii: "[") { depth += 1 }
      if byte == UInt8(ascii: "]") { depth -= 1 }
    } while depth > 0
  }

  private mutating func take(_ character: Unicode.Scalar) throws(CodecFailure) {
    guard isNext(character) else { throw damaged }
    rest = rest.dropFirst()
  }

  private mutating func isNext(_ character: Unicode.Scalar) -> Bool {
    skipBlanks()
    return rest.first == UInt8(ascii: character)
  }

  private mutating func skipBlanks() {
    rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
  }

  private var damaged: CodecFailure { CodecFailure(reason: "its header is no Python dictionary") }
}
