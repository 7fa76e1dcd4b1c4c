import Compute

/// Writes `left + right`, element by element, to `sum`: `count` floats each.
///
/// `sum` may be `left` or `right` itself; otherwise they must not overlap. Needs no alignment, and the bits do not
/// depend on it: each element is one addition.
@inline(__always)
func add(
  _ sum: UnsafeMutablePointer<Float>, _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, count: Int
) {
  typealias Lanes = SIMD16<Float>
  let (sumBytes, leftBytes, rightBytes) = (
    UnsafeMutableRawPointer(sum), UnsafeRawPointer(left), UnsafeRawPointer(right)
  )
  let blocked = count & ~15
  var index = 0
  while index < blocked {
    let offset = index * 4
    let lanes =
      leftBytes.loadUnaligned(fromByteOffset: offset, as: Lanes.self)
      + rightBytes.loadUnaligned(fromByteOffset: offset, as: Lanes.self)
    sumBytes.storeBytes(of: lanes, toByteOffset: offset, as: Lanes.self)
    index &+= 16
  }
  while index < count {
    sum[index] = left[index] + right[index]
    index &+= 1
  }
}
