import Files
import Hashing

extension ShardIndex {
  private static let beginning = Array("mae shards 1\n".utf8)

  /// The content of its file.
  public var bytes: [UInt8] {
    var bytes = Self.beginning
    func put(_ number: Int) { withUnsafeBytes(of: UInt64(bitPattern: Int64(number)).littleEndian) { bytes += $0 } }
    func put(_ text: [UInt8]) {
      put(text.count)
      bytes += text
    }
    for (path, shard) in shards.sorted(by: { $0.key < $1.key }) {
      put(pathBytes(path))
      let samples = shard.samples
      for number in [
        shard.size, shard.modified, samples.otherMembers, samples.keysOfSeveralImages, samples.keysWithoutImage,
        samples.images.count, samples.labels.count,
      ] { put(number) }
      for image in samples.images {
        put(image.name)
        put(image.offset)
        put(image.size)
      }
      for label in samples.labels {
        // A label that is not there has no length.
        if let label { put(Array(label.utf8)) } else { put(-1) }
      }
    }
    return bytes + Self.hash(of: bytes[...])
  }

  /// The index whose file has this content.
  ///
  /// - Returns: nil where the content is damaged, or another program's.
  public init?(_ bytes: [UInt8]) {
    guard bytes.starts(with: Self.beginning), bytes.count >= Self.beginning.count + 32,
      Array(bytes.suffix(32)) == Self.hash(of: bytes.dropLast(32))
    else { return nil }
    self.init()
    var reader = IndexReader(bytes.dropFirst(Self.beginning.count).dropLast(32))
    while !reader.isAtEnd {
      guard let path = reader.text(), let shard = Shard(&reader) else { return nil }
      take(pathText(path), shard)
    }
  }

  private static func hash(of bytes: ArraySlice<UInt8>) -> [UInt8] {
    Array(bytes.withUnsafeBytes { ContentHash(of: $0).hexadecimal }.utf8)
  }
}

extension ShardIndex.Shard {
  fileprivate init?(_ reader: inout IndexReader) {
    var numbers: [Int] = []
    for _ in 0..<7 {
      guard let number = reader.number() else { return nil }
      numbers.append(number)
    }
    var (images, labels) = ([TarMember](), [String?]())
    guard numbers[5] >= 0, numbers[6] == 0 || numbers[6] == numbers[5] else { return nil }
    for _ in 0..<numbers[5] {
      guard let name = reader.text(), let offset = reader.number(), let size = reader.number(), offset >= 0, size >= 0,
        offset <= numbers[0], size <= numbers[0] - offset
      else { return nil }
      images.append(TarMember(name: name, offset: offset, size: size))
    }
    for _ in 0..<numbers[6] {
      if reader.takeMinusOne() {
        labels.append(nil)
      } else {
        guard let label = reader.text() else { return nil }
        labels.append(String(decoding: label, as: UTF8.self))
      }
    }
    self.init(
      size: numbers[0], modified: numbers[1],
      samples: TarSamples(
        images: images, labels: labels, otherMembers: numbers[2], keysOfSeveralImages: numbers[3],
        keysWithoutImage: numbers[4]))
  }
}

/// Reads what `ShardIndex.bytes` has written; nil where the bytes end before.
private struct IndexReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func number() -> Int? {
    guard rest.count >= 8 else { return nil }
    let value = rest.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    rest = rest.dropFirst(8)
    return Int(Int64(bitPattern: value))
  }

  mutating func text() -> [UInt8]? {
    guard let count = number(), count >= 0, count <= rest.count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return Array(rest.prefix(count))
  }

  mutating func takeMinusOne() -> Bool {
    guard rest.prefix(8).count == 8, rest.prefix(8).allSatisfy({ $0 == 0xFF }) else { return false }
    rest = rest.dropFirst(8)
    return true
  }
}
