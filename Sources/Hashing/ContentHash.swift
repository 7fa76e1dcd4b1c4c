import CXXHash

/// XXH3 with 128 bits over a stream of bytes (Yann Collet, https://xxhash.com).
///
/// It notices every accident that storage and networks produce and is faster than memory delivers; it is no
/// protection against somebody who changes a file on purpose.
public final class ContentHash {
  private let state: OpaquePointer

  public init() {
    guard let created = XXH3_createState() else {
      preconditionFailure("no memory for the 576 bytes of a hash state")
    }
    state = created
    XXH3_128bits_reset(state)
  }

  deinit {
    XXH3_freeState(state)
  }

  /// The hash of `bytes` alone.
  public convenience init(of bytes: UnsafeRawBufferPointer) {
    self.init()
    update(bytes)
  }

  public func update(_ bytes: UnsafeRawBufferPointer) {
    XXH3_128bits_update(state, bytes.baseAddress, bytes.count)
  }

  public func update(_ number: UInt64) {
    withUnsafeBytes(of: number.littleEndian) { update($0) }
  }

  /// The hash of everything so far as 32 hexadecimal digits, high half first as `xxhsum -H2` prints it.
  public var hexadecimal: String {
    let digest = XXH3_128bits_digest(state)
    return hexadecimalDigits(digest.high64) + hexadecimalDigits(digest.low64)
  }
}

/// 16 lower-case digits.
public func hexadecimalDigits(_ number: UInt64) -> String {
  let digits = String(number, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}
