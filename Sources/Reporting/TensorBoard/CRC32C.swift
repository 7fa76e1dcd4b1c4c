/// The Castagnoli CRC (polynomial 0x1EDC6F41, reflected), as TFRecord files use it.
public enum CRC32C {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { remainder, _ in
      remainder & 1 == 0 ? remainder >> 1 : (remainder >> 1) ^ 0x82F6_3B78
    }
  }

  public static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(~0) { remainder, byte in
      (remainder >> 8) ^ table[Int((remainder ^ UInt32(byte)) & 0xFF)]
    }
  }

  /// What a TFRecord stores: a checksum of data that itself holds checksums would be weak, so it is rotated and shifted.
  public static func masked(_ bytes: some Sequence<UInt8>) -> UInt32 {
    let checksum = checksum(bytes)
    return (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
  }
}
