/// Writes the few kinds of protocol buffer fields that events have. A field is a varint of `number << 3 | wire type`,
/// then the value.
struct ProtocolBuffer {
  private(set) var bytes: [UInt8] = []

  mutating func add(_ number: UInt64, varint value: UInt64) {
    append(varint: number << 3 | 0)
    append(varint: value)
  }

  mutating func add(_ number: UInt64, double value: Double) {
    append(varint: number << 3 | 1)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
  }

  mutating func add(_ number: UInt64, float value: Float) {
    append(varint: number << 3 | 5)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
  }

  mutating func add(_ number: UInt64, bytes value: [UInt8]) {
    append(varint: number << 3 | 2)
    append(varint: UInt64(value.count))
    bytes += value
  }

  mutating func add(_ number: UInt64, text value: String) {
    add(number, bytes: Array(value.utf8))
  }

  mutating func add(_ number: UInt64, message build: (inout ProtocolBuffer) -> Void) {
    var message = ProtocolBuffer()
    build(&message)
    add(number, bytes: message.bytes)
  }

  private mutating func append(varint value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
