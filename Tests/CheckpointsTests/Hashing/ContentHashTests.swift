import Checkpoints
import Compute
import Hashing
import Safetensors
import TemporaryFiles
import Testing

@Suite struct ContentHashTests {
  private func hash(_ bytes: [UInt8]) -> String {
    bytes.withUnsafeBytes { ContentHash(of: $0).hexadecimal }
  }

  @Test("values that the xxhsum program prints")
  func known() {
    #expect(hash([]) == "99aa06d3014798d86001c324468d497f")
    #expect(hash(Array("abc".utf8)) == "06b05ab6733a618578af5f94892f3950")
  }

  @Test("how the bytes are cut into pieces makes no difference")
  func pieces() {
    let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 167 >> 3) }
    let whole = hash(bytes)
    for size in [1, 63, 64, 255, 1024, 4999] {
      let hash = ContentHash()
      for start in stride(from: 0, to: bytes.count, by: size) {
        bytes[start..<min(start + size, bytes.count)].withUnsafeBytes { hash.update($0) }
      }
      #expect(hash.hexadecimal == whole)
    }
  }
}

@Suite final class ParameterHashTests {
  private let buffer = AlignedBuffer<Float>(repeating: 1, count: 6)

  private func hash(_ tensors: (String, [Int], Range<Int>)...) -> String {
    let hash = ParameterHash()
    for (name, shape, range) in tensors {
      hash.add(name: name, shape: shape, values: buffer.all[range])
    }
    return hash.hexadecimal
  }

  @Test("names, shapes, order and the borders between tensors all count")
  func everythingCounts() {
    let hashes = [
      hash(("a", [6], 0..<6)), hash(("b", [6], 0..<6)), hash(("a", [2, 3], 0..<6)), hash(("a", [3, 2], 0..<6)),
      hash(("a", [1, 6], 0..<6)), hash(("a", [3], 0..<3), ("b", [3], 3..<6)),
      hash(("b", [3], 0..<3), ("a", [3], 3..<6)), hash(("ab", [3], 0..<3), ("", [3], 3..<6)),
      hash(("a", [2], 0..<2), ("b", [4], 2..<6)), hash(),
      // Without the lengths of names these two would feed the same bytes.
      hash(("a", [1, 0], 0..<0)), hash(("a\u{2}\0\0\0\0\0\0\0", [0], 0..<0)),
    ]
    #expect(Set(hashes).count == hashes.count)
  }

  @Test("every bit of every float counts, the sign of zero included")
  func bits() {
    var hashes: Set<String> = [hash(("a", [6], 0..<6))]
    for index in 0..<6 {
      for bit in 0..<32 {
        buffer.all[index] = Float(bitPattern: Float(1).bitPattern ^ 1 << bit)
        hashes.insert(hash(("a", [6], 0..<6)))
      }
      buffer.all[index] = 1
    }
    #expect(hashes.count == 1 + 6 * 32)
    buffer.all[0] = 0
    let positive = hash(("a", [6], 0..<6))
    buffer.all[0] = -0.0
    #expect(hash(("a", [6], 0..<6)) != positive)
  }

  @Test("the hash of a file is that of the floats it was written from")
  func file() throws {
    let directory = try TemporaryDirectory()
    let tensors = [
      NamedTensor(name: "z", shape: [2, 2], values: buffer.all[0..<4]),
      NamedTensor(name: "a", shape: [2], values: buffer.all[4..<6]),
    ]
    try SafetensorsContents(tensors).write(to: "\(directory.path)/f")
    let expected = hash(("z", [2, 2], 0..<4), ("a", [2], 4..<6))
    #expect(try SafetensorsFile(path: "\(directory.path)/f").parameterHash() == expected)
    try SafetensorsContents(tensors, precision: .bfloat16).write(to: "\(directory.path)/b")
    #expect(try SafetensorsFile(path: "\(directory.path)/b").parameterHash() == expected)
  }
}
