/// `manifest.json`: the size and the hash of each file of a checkpoint. It is written last, and it is what makes
/// a folder a checkpoint.
///
/// Its last line is the hash of all bytes before that line, so that a change of the manifest itself is noticed
/// wherever it is.
struct CheckpointManifest: Equatable {
  static let fileName = "manifest.json"

  struct Entry: Equatable {
    let name: String
    let byteCount: Int
    /// XXH3-128, 32 hexadecimal digits.
    let hash: String
  }

  let step: Int
  let entries: [Entry]

  init(step: Int, entries: [Entry]) {
    self.step = step
    self.entries = entries
  }

  /// All bytes of the file.
  var text: [UInt8] {
    var text = "{\n  \"format\": 1,\n  \"step\": \(step),\n  \"files\": [\n"
    text += entries.map { entry in
      "    {\"name\": \(quoted(entry.name)), \"size\": \(entry.byteCount), \"xxh3\": \"\(entry.hash)\"}"
    }.joined(separator: ",\n")
    text += "\n  ],\n"
    let body = Array(text.utf8)
    return body + Self.lastLines(after: body[...])
  }

  /// - Throws: the bytes are not those of a whole, unchanged manifest.
  init(_ bytes: UnsafeRawBufferPointer, path: String) throws(CheckpointDefect) {
    let lastCount = Self.lastLines(after: []).count
    guard bytes.count >= lastCount else { throw .manifestDamaged }
    let body = Array(bytes.dropLast(lastCount))
    guard bytes.suffix(lastCount).elementsEqual(Self.lastLines(after: body[...])) else { throw .manifestDamaged }

    // The hash is right, so from here on only a manifest that another version wrote can be refused.
    do throws(SafetensorsError) {
      (step, entries) = try Self.parse(bytes, path)
    } catch {
      throw .manifestMalformed(error.description)
    }
  }

  private static func lastLines(after body: ArraySlice<UInt8>) -> [UInt8] {
    let hash = body.withUnsafeBytes { ContentHash(of: $0).hexadecimal }
    return Array("  \"xxh3\": \"\(hash)\"\n}\n".utf8)
  }

  private static func parse(
    _ bytes: UnsafeRawBufferPointer, _ path: String
  ) throws(SafetensorsError) -> (Int, [Entry]) {
    var step: Int?
    var entries: [Entry] = []
    var json = try StrictJSON(bytes, path: path)
    try json.object { (json: inout StrictJSON, key: String) throws(SafetensorsError) in
      switch key {
      case "format":
        guard try json.count(key) == 1 else { throw json.error(.fieldMalformed(key, expected: "1")) }
      case "step": step = try json.count(key)
      case "files":
        try json.array { (json: inout StrictJSON) throws(SafetensorsError) in
          entries.append(try parseEntry(&json))
        }
      default: try json.skipValue()
      }
    }
    try json.end()
    guard let step else { throw json.error(.fieldMissing("step")) }
    return (step, entries)
  }

  private static func parseEntry(_ json: inout StrictJSON) throws(SafetensorsError) -> Entry {
    var name: String?
    var byteCount: Int?
    var hash: String?
    try json.object { (json: inout StrictJSON, key: String) throws(SafetensorsError) in
      switch key {
      case "name": name = try json.string()
      case "size": byteCount = try json.count(key)
      case "xxh3": hash = try json.string()
      default: try json.skipValue()
      }
    }
    guard let name, let byteCount, let hash else { throw json.error(.fieldMissing("name, size or xxh3 of a file")) }
    guard isPlainFileName(name) else {
      throw json.error(.fieldMalformed("the name \(name)", expected: "that of a file in the same folder"))
    }
    return Entry(name: name, byteCount: byteCount, hash: hash)
  }
}

/// Whether `name` is that of a file in a folder, not a way out of it.
func isPlainFileName(_ name: String) -> Bool {
  !name.isEmpty && !name.hasPrefix(".") && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 == 0 }
}
