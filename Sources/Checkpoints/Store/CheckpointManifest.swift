import Hashing
import Safetensors

/// `manifest.json`: the size and the hashes of each file of a checkpoint. It is written last, and it is what makes a
/// folder a checkpoint.
///
/// Files are hashed in pieces of one length, the manifest's `piece_size`, so that several ranks or threads can write and
/// verify them at the same time. The length is the same whatever their number, and so the manifest is. In format 1, which
/// is read too, each file is one piece.
///
/// Its last line is the hash of all bytes before that line, so that a change of the manifest itself is noticed
/// wherever it is.
struct CheckpointManifest: Equatable {
  static let fileName = "manifest.json"

  struct Entry: Equatable {
    let name: String
    let pieces: FilePieces
    /// XXH3-128 of each piece, 32 hexadecimal digits.
    let hashes: [String]

    var byteCount: Int { pieces.byteCount }
  }

  let step: Int
  let entries: [Entry]

  /// - Parameter entries: all cut into pieces of one length.
  init(step: Int, entries: [Entry]) {
    self.step = step
    self.entries = entries
  }

  /// All bytes of the file.
  var text: [UInt8] {
    let pieceByteCount = entries.first?.pieces.pieceByteCount ?? CheckpointStore.defaultPieceByteCount
    var text = "{\n  \"format\": 2,\n  \"step\": \(step),\n  \"piece_size\": \(pieceByteCount),\n  \"files\": [\n"
    text += entries.map { entry in
      let hashes = entry.hashes.map { "\n      \"\($0)\"" }.joined(separator: ",")
      return "    {\"name\": \(quoted(entry.name)), \"size\": \(entry.byteCount), \"xxh3\": [\(hashes)]}"
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
    var format = 0
    var step: Int?
    var pieceByteCount: Int?
    var files: [(name: String, byteCount: Int, hashes: [String])] = []
    var json = try StrictJSON(bytes, path: path)
    try json.object { (json: inout StrictJSON, key: String) throws(SafetensorsError) in
      switch key {
      case "format":
        format = try json.count(key)
        guard [1, 2].contains(format) else { throw json.error(.fieldMalformed(key, expected: "1 or 2")) }
      case "step": step = try json.count(key)
      case "piece_size":
        let count = try json.count(key)
        guard count > 0 else { throw json.error(.fieldMalformed(key, expected: "more than 0")) }
        pieceByteCount = count
      case "files":
        try json.array { (json: inout StrictJSON) throws(SafetensorsError) in
          files.append(try parseFile(&json, format: format))
        }
      default: try json.skipValue()
      }
    }
    try json.end()
    guard let step else { throw json.error(.fieldMissing("step")) }
    let entries = try files.map { (file) throws(SafetensorsError) in
      guard let length = format == 1 ? max(file.byteCount, 1) : pieceByteCount else {
        throw json.error(.fieldMissing("piece_size"))
      }
      let pieces = FilePieces(byteCount: file.byteCount, pieceByteCount: length)
      guard pieces.count == file.hashes.count else {
        throw json.error(.fieldMalformed("xxh3 of \(file.name)", expected: "\(pieces.count) hashes"))
      }
      return Entry(name: file.name, pieces: pieces, hashes: file.hashes)
    }
    return (step, entries)
  }

  private static func parseFile(
    _ json: inout StrictJSON, format: Int
  ) throws(SafetensorsError) -> (name: String, byteCount: Int, hashes: [String]) {
    var name: String?
    var byteCount: Int?
    var hashes: [String]?
    try json.object { (json: inout StrictJSON, key: String) throws(SafetensorsError) in
      switch key {
      case "name": name = try json.string()
      case "size": byteCount = try json.count(key)
      case "xxh3":
        guard format != 1 else {
          hashes = [try json.string()]
          return
        }
        var found: [String] = []
        try json.array { (json: inout StrictJSON) throws(SafetensorsError) in found.append(try json.string()) }
        hashes = found
      default: try json.skipValue()
      }
    }
    guard let name, let byteCount, let hashes else {
      throw json.error(.fieldMissing("name, size or xxh3 of a file"))
    }
    guard isPlainFileName(name) else {
      throw json.error(.fieldMalformed("the name \(name)", expected: "that of a file in the same folder"))
    }
    return (name, byteCount, hashes)
  }
}

/// Whether `name` is that of a file in a folder, not a way out of it.
func isPlainFileName(_ name: String) -> Bool {
  !name.isEmpty && !name.hasPrefix(".") && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 == 0 }
}
