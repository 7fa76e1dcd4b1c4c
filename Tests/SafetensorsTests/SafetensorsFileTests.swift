import Compute
import Foundation
import Safetensors
import TemporaryFiles
import Testing

/// What the Python library finds in a file.
private struct Description: Decodable {
  struct Tensor: Decodable {
    let shape: [Int]
    /// Its elements as binary32.
    let bits: [UInt32]
  }
  let metadata: [String: String]
  let tensors: [String: Tensor]
}

@Suite struct SafetensorsFileTests {
  private let python: Description
  private let file: SafetensorsFile

  init() throws {
    python = try JSONDecoder().decode(
      Description.self, from: Data(contentsOf: URL(filePath: fixture("python.json"))))
    file = try SafetensorsFile(path: fixture("python.safetensors"))
  }

  @Test("a file that Python's safetensors wrote is read as Python reads it")
  func readsPython() throws {
    #expect(file.metadata == python.metadata)
    #expect(Set(file.tensors.map(\.name)) == Set(python.tensors.keys))
    for tensor in file.tensors {
      let expected = try #require(python.tensors[tensor.name])
      #expect(tensor.shape == expected.shape)
      switch tensor.type {
      case .float32, .bfloat16, .float16:
        #expect(try file.floats(of: tensor.name).map(\.bitPattern) == expected.bits, "\(tensor.name)")
      default: #expect(tensor.name == "counts" || tensor.name == "flags")
      }
    }
  }

  @Test("bytes of other types are handed out as they are; as floats they are refused")
  func otherTypes() throws {
    let counts = try file.tensor(named: "counts")
    let values = file.withBytes(of: counts) { bytes in
      (0..<5).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self) }
    }
    #expect(values == [-2, -1, 0, 1, 2])
    let error = #expect(throws: SafetensorsError.self) { try file.floats(of: "counts") }
    #expect(error?.reason == .notFloats(.signed64))
    let missing = #expect(throws: SafetensorsError.self) { try file.floats(of: "mask_token") }
    #expect(missing?.reason == .noSuchTensor && missing?.tensor == "mask_token")
  }

  @Test("copying asks for as many floats as there are")
  func copying() throws {
    let target = AlignedBuffer<Float>(repeating: -1, count: 41)
    defer { extendLifetime(target) }
    try file.copyFloats(of: "vit.größe \u{2028} \u{1F600}", to: target.all[0..<40])
    #expect(target.all.array.prefix(40).map(\.bitPattern) == python.tensors["vit.größe \u{2028} \u{1F600}"]?.bits)
    #expect(target.all[40] == -1)
    let error = #expect(throws: SafetensorsError.self) { try file.copyFloats(of: "scalar", to: target.all) }
    #expect(error?.reason == .wrongElementCount(expected: 41, found: 1))
  }

  @Test("what is written as bfloat16 rounds as PyTorch rounds")
  func bfloat16Writing() throws {
    let names = ["vit.größe \u{2028} \u{1F600}", "single"]
    let floats = try names.flatMap { try file.floats(of: $0) }
    let buffer = AlignedBuffer<Float>(repeating: 0, count: floats.count)
    defer { extendLifetime(buffer) }
    for (index, value) in floats.enumerated() {
      buffer.all[index] = value
    }
    let directory = try TemporaryDirectory()
    let contents = SafetensorsContents(
      [NamedTensor(name: "brain", shape: [floats.count], values: buffer.all)], precision: .bfloat16)
    try contents.write(to: "\(directory.path)/b.safetensors")
    let written = try SafetensorsFile(path: "\(directory.path)/b.safetensors")
    #expect(written.tensors[0].type == .bfloat16)
    let expected = file.withBytes(of: try file.tensor(named: "brain")) { Array($0) }
    #expect(written.withBytes(of: written.tensors[0]) { Array($0) } == expected)
  }

  @Test("no change of a byte and no truncation makes the reader crash or hand out what is not there")
  func everyByte() throws {
    let directory = try TemporaryDirectory()
    let original = try readBytes(fixture("python.safetensors"))
    let path = "\(directory.path)/changed"
    func check(_ bytes: [UInt8], _ what: String) throws -> Bool {
      try writeBytes(bytes, to: path)
      do throws(SafetensorsError) {
        let file = try SafetensorsFile(path: path)
        var end = 0
        for tensor in file.tensors {
          let size = tensor.shape.reduce(tensor.type.byteCount, *)
          #expect(tensor.range == end..<end + size, "\(what)")
          #expect(file.withBytes(of: tensor, \.count) == size, "\(what)")
          end += size
          let values = try? file.floats(of: tensor.name)
          #expect(values == nil || values?.count == tensor.elementCount, "\(what)")
        }
        let headerCount = bytes.withUnsafeBytes { Int($0.loadUnaligned(as: UInt64.self)) }
        #expect(8 + headerCount + end == bytes.count, "\(what)")
        return true
      } catch {
        #expect(error.description.contains(path), "\(what)")
        return false
      }
    }
    var accepted = 0
    for index in original.indices {
      for bit in 0..<8 {
        var bytes = original
        bytes[index] ^= 1 << bit
        accepted += try check(bytes, "bit \(bit) of byte \(index)") ? 1 : 0
      }
      var zeroed = original
      zeroed[index] = ~original[index]
      accepted += try check(zeroed, "byte \(index) inverted") ? 1 : 0
    }
    // A change of data, at least, cannot be noticed by this format.
    #expect(accepted >= 9 * 467)
    for length in 0..<original.count {
      #expect(try check(Array(original.prefix(length)), "cut to \(length) bytes") == false)
    }
    #expect(try check(original + [0], "one byte more") == false)
  }
}
