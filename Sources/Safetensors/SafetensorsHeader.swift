/// What the header of a safetensors file says, every rule of the format checked.
///
/// Source: https://github.com/huggingface/safetensors#format.
struct SafetensorsHeader {
  static let metadataKey = "__metadata__"
  /// The longest header that the format allows, in bytes.
  static let lengthLimit = 100_000_000

  /// As many as PyTorch and NumPy allow. Without a limit a shape of zeros would take four times its text.
  static let dimensionLimit = 64

  /// In the order of their data; tensors without elements in the order of the header.
  let tensors: [SafetensorsTensor]
  let metadata: [String: String]
  /// Where the data begins in the file.
  let dataStart: Int

  /// Reads the header of the file whose bytes are `file`. Memory is taken for the names and shapes that are
  /// there, never for a number that the file claims.
  init(_ file: UnsafeRawBufferPointer, path: String) throws(SafetensorsError) {
    let length = try Self.headerLength(file, path)
    dataStart = 8 + length
    let text = UnsafeRawBufferPointer(rebasing: file[8..<dataStart])
    if text[0] != UInt8(ascii: "{") {
      throw SafetensorsError(path: path, reason: .headerNotAnObject(firstByte: text[0]))
    }

    var tensors: [SafetensorsTensor] = []
    var metadata: [String: String] = [:]
    var json = try StrictJSON(text, path: path)
    try json.object { (json: inout StrictJSON, key: String) throws(SafetensorsError) in
      if key == Self.metadataKey {
        metadata = try Self.readMetadata(&json)
      } else {
        json.tensor = key
        tensors.append(try Self.readTensor(&json, name: key))
        json.tensor = nil
      }
    }
    try json.end()

    // The standard sort is stable in practice but does not promise it: the place in the header decides.
    let order = tensors.indices.sorted { first, second in
      let (a, b) = (tensors[first].range, tensors[second].range)
      return (a.lowerBound, a.upperBound, first) < (b.lowerBound, b.upperBound, second)
    }
    self.tensors = order.map { tensors[$0] }
    self.metadata = metadata
    try Self.checkContiguous(self.tensors, dataSize: file.count - dataStart, path)
  }

  private static func headerLength(
    _ file: UnsafeRawBufferPointer, _ path: String
  ) throws(SafetensorsError) -> Int {
    guard file.count >= 8 else {
      throw SafetensorsError(path: path, reason: .tooShort(fileSize: file.count))
    }
    let length = UInt64(littleEndian: file.loadUnaligned(as: UInt64.self))
    if length < 2 {
      throw SafetensorsError(path: path, reason: .headerTooShort(length: length))
    }
    if length > UInt64(lengthLimit) {
      throw SafetensorsError(path: path, reason: .headerTooLong(length: length, limit: lengthLimit))
    }
    if Int(length) > file.count - 8 {
      throw SafetensorsError(
        path: path, reason: .headerBeyondEnd(length: Int(length), available: file.count - 8))
    }
    return Int(length)
  }

  private static func readMetadata(_ json: inout StrictJSON) throws(SafetensorsError) -> [String: String] {
    var metadata: [String: String] = [:]
    try expect("{", &json, else: .metadataNotStrings)
    try json.object { (json: inout StrictJSON, key: String) throws(SafetensorsError) in
      try expect("\"", &json, else: .metadataNotStrings)
      metadata[key] = try json.string()
    }
    return metadata
  }

  private static func readTensor(
    _ json: inout StrictJSON, name: String
  ) throws(SafetensorsError) -> SafetensorsTensor {
    var typeName: String?
    var shape: [Int]?
    var offsets: [Int]?
    try expect("{", &json, else: .fieldMalformed("its entry", expected: "an object"))
    try json.object { (json: inout StrictJSON, key: String) throws(SafetensorsError) in
      switch key {
      case "dtype":
        try expect("\"", &json, else: .fieldMalformed(key, expected: "a string"))
        typeName = try json.string()
      case "shape": shape = try readCounts(&json, key)
      case "data_offsets": offsets = try readCounts(&json, key)
      default: try json.skipValue()
      }
    }
    guard let typeName else { throw json.error(.fieldMissing("dtype")) }
    guard let shape else { throw json.error(.fieldMissing("shape")) }
    guard let offsets else { throw json.error(.fieldMissing("data_offsets")) }
    guard let type = TensorType(rawValue: typeName) else { throw json.error(.unknownType(typeName)) }
    guard offsets.count == 2 else {
      throw json.error(.fieldMalformed("data_offsets", expected: "a pair of whole numbers"))
    }
    guard offsets[0] <= offsets[1] else {
      throw json.error(.offsetsReversed(begin: offsets[0], end: offsets[1]))
    }
    var size = type.byteCount
    for dimension in shape {
      let (product, overflow) = size.multipliedReportingOverflow(by: dimension)
      guard !overflow else { throw json.error(.shapeOverflow(shape)) }
      size = product
    }
    guard size == offsets[1] - offsets[0] else {
      throw json.error(.sizeMismatch(expected: size, found: offsets[1] - offsets[0]))
    }
    return SafetensorsTensor(name: name, type: type, shape: shape, range: offsets[0]..<offsets[1])
  }

  private static func readCounts(_ json: inout StrictJSON, _ field: String) throws(SafetensorsError) -> [Int] {
    var counts: [Int] = []
    try expect("[", &json, else: .fieldMalformed(field, expected: "an array"))
    try json.array { (json: inout StrictJSON) throws(SafetensorsError) in
      if let next = json.next, next != "-", !("0"..."9").contains(next) {
        try json.skipValue()
        throw json.error(.fieldMalformed(field, expected: "made of whole numbers"))
      }
      guard counts.count < Self.dimensionLimit else {
        throw json.error(.tooManyDimensions(limit: Self.dimensionLimit))
      }
      counts.append(try json.count(field))
    }
    return counts
  }

  /// Makes sure that the next value begins as it should. A value of the wrong kind is read over first, so that
  /// broken JSON is reported as that.
  private static func expect(
    _ opening: Unicode.Scalar, _ json: inout StrictJSON, else reason: SafetensorsError.Reason
  ) throws(SafetensorsError) {
    if json.next != opening {
      try json.skipValue()
      throw json.error(reason)
    }
  }

  /// The data of the tensors follows one another from 0 to the end of the file.
  private static func checkContiguous(
    _ tensors: [SafetensorsTensor], dataSize: Int, _ path: String
  ) throws(SafetensorsError) {
    var end = 0
    for (index, tensor) in tensors.enumerated() {
      let begin = tensor.range.lowerBound
      if begin != end {
        let reason: SafetensorsError.Reason =
          if index == 0 {
            .dataStartsLate(begin: begin)
          } else if begin < end {
            .overlap(begin: begin, previousEnd: end)
          } else {
            .hole(begin: begin, previousEnd: end)
          }
        throw SafetensorsError(path: path, tensor: tensor.name, reason: reason)
      }
      end = tensor.range.upperBound
    }
    if end < dataSize {
      throw SafetensorsError(path: path, reason: .dataEndsEarly(end: end, dataSize: dataSize))
    }
    if end > dataSize {
      throw SafetensorsError(path: path, reason: .dataBeyondEnd(end: end, dataSize: dataSize))
    }
  }
}
