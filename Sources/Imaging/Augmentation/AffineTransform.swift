import Compute

/// Where each pixel of an image comes from: x' = a·x + b·y + c, y' = d·x + e·y + f, both of pixels' centres.
struct AffineTransform {
  var a = 1.0
  var b = 0.0
  var c = 0.0
  var d = 0.0
  var e = 1.0
  var f = 0.0

  /// Pillow's `Image.rotate` about the centre: its sine and cosine have 15 decimals.
  ///
  /// - Parameter degrees: within -90...90 (excluded) and not 0: multiples of 90 Pillow turns without interpolation.
  static func rotation(degrees: Double, width: Int, height: Int) -> AffineTransform {
    precondition(abs(degrees) < 90 && degrees != 0, "an angle that Pillow interpolates for")
    // Python's remainder has the sign of the divisor.
    let remainder = degrees.truncatingRemainder(dividingBy: 360)
    let angle = -((remainder < 0 ? remainder + 360 : remainder) * (.pi / 180))
    let (cosine, sine) = (rounded15(Elementary.cos(angle)), rounded15(Elementary.sin(angle)))
    let (x, y) = (Double(width) / 2, Double(height) / 2)
    return AffineTransform(
      a: cosine, b: sine, c: cosine * -x + sine * -y + 0 + x, d: -sine, e: cosine, f: -sine * -x + cosine * -y + 0 + y)
  }

  /// The double nearest to the decimal of 15 places that is nearest to `value`, within -1...1.
  private static func rounded15(_ value: Double) -> Double {
    let scaled = value * 1e15
    // What the product lost decides where it lies near a half.
    let lost = (-scaled).addingProduct(value, 1e15)
    var whole = scaled.rounded(.toNearestOrEven)
    let rest = (scaled - whole) + lost
    if rest > 0.5 { whole += 1 } else if rest < -0.5 { whole -= 1 }
    return whole / 1e15
  }

  /// Pillow's `Image.transform(AFFINE)`: writes the transformed `source` to `target`.
  ///
  /// - Parameters:
  ///   - source, target: channels × height × width of `shape`, apart from one another.
  ///   - fill: for each channel what comes from outside the image.
  func apply(
    _ interpolation: AffineInterpolation, to source: UnsafePointer<UInt8>, into target: UnsafeMutablePointer<UInt8>,
    _ shape: ImageShape, fill: [UInt8]
  ) {
    let (width, height, plane) = (Double(shape.width), Double(shape.height), shape.height * shape.width)
    for row in 0..<shape.height {
      let y = Double(row) + 0.5
      for column in 0..<shape.width {
        let x = Double(column) + 0.5
        let (sourceX, sourceY) = (a * x + b * y + c, d * x + e * y + f)
        let place = row * shape.width + column
        guard sourceX >= 0 && sourceX < width && sourceY >= 0 && sourceY < height else {
          for channel in 0..<shape.channels { target[channel * plane + place] = fill[channel] }
          continue
        }
        let reading = PixelReading(x: sourceX - 0.5, y: sourceY - 0.5, shape)
        for channel in 0..<shape.channels {
          let value =
            switch interpolation {
            case .bilinear: reading.bilinear(source + channel * plane)
            case .bicubic: reading.bicubic(source + channel * plane)
            }
          target[channel * plane + place] = value
        }
      }
    }
  }
}

/// Reading an image between its pixels: which pixels lie around the place, and how far into them it lies. Beyond an edge
/// the image goes on with its outermost pixels.
private struct PixelReading {
  /// Columns, and starts of rows, of the four by four pixels around.
  private let columns: SIMD4<Int>
  private let rows: SIMD4<Int>
  /// From the second of the four to the place.
  private let x: Double
  private let y: Double

  @inline(__always)
  init(x: Double, y: Double, _ shape: ImageShape) {
    let (column, row) = (x.rounded(.down), y.rounded(.down))
    self.x = x - column
    self.y = y - row
    let offsets = SIMD4(-1, 0, 1, 2)
    let lowest = SIMD4<Int>(repeating: 0)
    columns = (offsets &+ Int(column)).clamped(lowerBound: lowest, upperBound: SIMD4(repeating: shape.width - 1))
    rows =
      (offsets &+ Int(row)).clamped(lowerBound: lowest, upperBound: SIMD4(repeating: shape.height - 1)) &* shape.width
  }

  @inline(__always)
  func bilinear(_ plane: UnsafePointer<UInt8>) -> UInt8 {
    func between(_ row: Int) -> Double {
      let (left, right) = (Double(plane[row + columns[1]]), Double(plane[row + columns[2]]))
      return left + (right - left) * x
    }
    let (upper, lower) = (between(rows[1]), between(rows[2]))
    return UInt8(upper + (lower - upper) * y)
  }

  /// Keys' cubic convolution with a = −1 across, then down, as Pillow orders its sums.
  @inline(__always)
  func bicubic(_ plane: UnsafePointer<UInt8>) -> UInt8 {
    @inline(__always)
    func column(_ index: Int) -> SIMD4<Double> {
      let place = columns[index]
      return SIMD4(
        Double(plane[rows[0] + place]), Double(plane[rows[1] + place]), Double(plane[rows[2] + place]),
        Double(plane[rows[3] + place]))
    }
    // A lane for each of the four rows.
    let (v0, v1, v2, v3) = (column(0), column(1), column(2), column(3))
    let second = v2 - v0
    let third = 2 * (v0 - v1) + v2 - v3
    let fourth = v1 - v0 - v2 + v3
    let across = v1 + x * (second + x * (third + x * fourth))
    let (u0, u1, u2, u3) = (across[0], across[1], across[2], across[3])
    let value = u1 + y * (-u0 + u2 + y * (2 * (u0 - u1) + u2 - u3 + y * (-u0 + u1 - u2 + u3)))
    return UInt8(max(0, min(255, value)))
  }
}
