import Compute
import Files
import Foundation
import Safetensors
import TemporaryFiles
import Testing

@Suite struct SafetensorsContentsTests {
  @Test("the bytes of a small file, written out by hand")
  func byHand() throws {
    let buffer = AlignedBuffer<Float>(repeating: 0, count: 3)
    defer { extendLifetime(buffer) }
    buffer.all[0] = 1
    buffer.all[1] = -2
    let contents = SafetensorsContents(
      [
        NamedTensor(name: "b\"\u{1}é", shape: [2, 1], values: buffer.all[0..<2]),
        NamedTensor(name: "a", shape: [], values: buffer.all[2..<3]),
        NamedTensor(name: "c", shape: [0], values: buffer.all[0..<0]),
      ], metadata: ["step": "7"])
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/x.safetensors"
    try contents.write(to: path)

    let header =
      #"{"__metadata__":{"format":"pt","step":"7"},"#
      + #""b\"\u0001é":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"#
      + #""a":{"dtype":"F32","shape":[],"data_offsets":[8,12]},"c":{"dtype":"F32","shape":[0],"data_offsets":[12,12]}}"#
    let padded = Array(header.utf8) + [UInt8](repeating: 0x20, count: 7 - (header.utf8.count + 7) % 8)
    let data: [UInt8] = [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, 0, 0, 0, 0]
    #expect(padded.count % 8 == 0)
    let expected = [UInt8(padded.count & 0xFF), UInt8(padded.count >> 8), 0, 0, 0, 0, 0, 0] + padded + data
    #expect(try readBytes(path) == expected)
    #expect(contents.byteCount == expected.count)

    let read = try SafetensorsFile(path: path)
    #expect(read.tensors.map(\.name) == ["b\"\u{1}é", "a", "c"])
    #expect(try read.floats(of: "b\"\u{1}é") == [1, -2])
  }

  @Test("a file that exists is not overwritten")
  func exists() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write("x.safetensors", [1])
    let error = #expect(throws: FileError.self) { try SafetensorsContents([]).write(to: path) }
    #expect(error?.code == EEXIST)
    #expect(try readBytes(path) == [1])
  }

  @Test("bfloat16 of more floats than are converted at a time")
  func longBfloat16() throws {
    let count = 200_001
    let buffer = AlignedBuffer<Float>(repeating: 0, count: count)
    defer { extendLifetime(buffer) }
    for index in 0..<count {
      buffer.all[index] = Float(index % 256)
    }
    let directory = try TemporaryDirectory()
    let contents = SafetensorsContents(
      [NamedTensor(name: "x", shape: [count], values: buffer.all)], precision: .bfloat16)
    try contents.write(to: "\(directory.path)/x")
    #expect(try SafetensorsFile(path: "\(directory.path)/x").floats(of: "x") == buffer.all.array)
    #expect(try readBytes("\(directory.path)/x").count == contents.byteCount)
  }
}
