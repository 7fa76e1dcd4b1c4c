import Foundation

/// Files of other kinds than images, byte by byte.

/// A `.npy` file of little-endian 16-bit numbers.
func numpyFile(_ shape: [Int], _ numbers: [UInt16]) -> [UInt8] {
  numpyHeader("<u2", shape) + numbers.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
}

/// A `.npy` file of little-endian floats.
func numpyFile(_ shape: [Int], _ numbers: [Float]) -> [UInt8] {
  numpyHeader("<f4", shape) + numbers.flatMap { number in (0..<4).map { UInt8(number.bitPattern >> (8 * $0) & 255) } }
}

private func numpyHeader(_ type: String, _ shape: [Int]) -> [UInt8] {
  let header =
    "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(shape.map(String.init).joined(separator: ", "))), }"
  let text = Array(header.utf8) + Array(repeating: 32, count: 117 - header.utf8.count) + [10]
  return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.count), 0] + text
}

/// A TIFF file of one channel of floats: one strip, no compression.
func tiffFile(width: Int, height: Int, _ samples: [Float]) -> [UInt8] {
  func bytes(_ number: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(number >> (8 * $0) & 255) } }
  // Tag, type (3: 16 bits, 4: 32 bits), value.
  let entries = [
    (256, 4, width), (257, 4, height), (258, 3, 32), (259, 3, 1), (262, 3, 1), (273, 4, 8 + 2 + 12 * 10 + 4),
    (277, 3, 1), (278, 4, height), (279, 4, 4 * samples.count), (339, 3, 3),
  ]
  return Array("II".utf8) + bytes(42, 2) + bytes(8, 4) + bytes(entries.count, 2)
    + entries.flatMap { bytes($0.0, 2) + bytes($0.1, 2) + bytes(1, 4) + bytes($0.2, 4) } + bytes(0, 4)
    + samples.flatMap { bytes(Int($0.bitPattern), 4) }
}

/// A tar file (ustar) of the given members.
func tarFile(_ members: [(name: String, content: [UInt8])]) -> [UInt8] {
  var file: [UInt8] = []
  for (name, content) in members {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at offset: Int) {
      header.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
    }
    put(name, at: 0)
    put("0000644", at: 100)
    let size = String(content.count, radix: 8)
    put(String(repeating: "0", count: 11 - size.count) + size, at: 124)
    put("00000000000", at: 136)
    put("        ", at: 148)
    put("0", at: 156)
    put("ustar\0" + "00", at: 257)
    let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
    put(String(repeating: "0", count: 6 - sum.count) + sum + "\0 ", at: 148)
    file += header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
  }
  return file + [UInt8](repeating: 0, count: 1024)
}
