/// Changes 8-bit images in place, to the bit as Pillow does, with memory of its own that it keeps from image to image: one
/// for each thread.
public struct ImageOperator: Sendable {
  private var table = SampleTable()
  /// What the image was before, where a pixel depends on others.
  private var before: [UInt8] = []

  public init() {}

  /// - Parameters:
  ///   - pixels: 8-bit, grey or RGB.
  ///   - fill: for each channel what an operation that moves pixels puts where none comes from.
  public mutating func apply(
    _ operation: ImageOperation, to pixels: PlanarPixels, fill: [UInt8], interpolation: AffineInterpolation
  ) {
    let shape = pixels.shape
    precondition(pixels.kind == .uint8 && [1, 3].contains(shape.channels), "operations are for 8-bit grey and RGB")
    precondition(fill.count == shape.channels, "a value to fill with for each channel")
    switch operation {
    case .autoContrast: eachPlane(of: pixels) { $0.setAutoContrast(of: $1) }
    case .equalize: eachPlane(of: pixels) { $0.setEqualized(of: $1) }
    case .invert: replace(in: pixels) { 255 - $0 }
    case .posterize(let bits): replace(in: pixels) { $0 & ~((1 << (8 - bits)) - 1) }
    case .solarize(let threshold): replace(in: pixels) { $0 < threshold ? $0 : 255 - $0 }
    case .solarizeAdd(let added): replace(in: pixels) { $0 < 128 ? $0 + added : $0 }
    case .brightness(let factor): eachPlane(of: pixels) { table, _ in table.setBlended(from: 0, factor) }
    case .contrast(let factor):
      let mean = meanLuma(of: pixels)
      eachPlane(of: pixels) { table, _ in table.setBlended(from: mean, factor) }
    case .color(let factor): enhanceColor(of: pixels, factor)
    case .sharpness(let factor): enhanceSharpness(of: pixels, factor)
    case .rotate(let degrees):
      guard degrees != 0 else { return }
      move(
        pixels, .rotation(degrees: degrees, width: shape.width, height: shape.height), fill: fill, interpolation)
    case .shearX(let factor): move(pixels, AffineTransform(b: factor), fill: fill, interpolation)
    case .shearY(let factor): move(pixels, AffineTransform(d: factor), fill: fill, interpolation)
    case .translateX(let part):
      move(pixels, AffineTransform(c: part * Double(shape.width)), fill: fill, interpolation)
    case .translateY(let part):
      move(pixels, AffineTransform(f: part * Double(shape.height)), fill: fill, interpolation)
    }
  }

  /// Makes a table for each plane and replaces its samples.
  private mutating func eachPlane(
    of pixels: PlanarPixels, _ fillTable: (inout SampleTable, UnsafeMutableBufferPointer<UInt8>) -> Void
  ) {
    let count = pixels.shape.height * pixels.shape.width
    for channel in 0..<pixels.shape.channels {
      let plane = UnsafeMutableBufferPointer(start: pixels.base(UInt8.self) + channel * count, count: count)
      fillTable(&table, plane)
      table.apply(to: plane)
    }
  }

  private mutating func replace(in pixels: PlanarPixels, _ function: (Int) -> Int) {
    table.set(function)
    table.apply(to: UnsafeMutableBufferPointer(start: pixels.base(UInt8.self), count: pixels.shape.count))
  }

  /// Rounded to nearest, halves upwards.
  private func meanLuma(of pixels: PlanarPixels) -> UInt8 {
    let (samples, count) = (pixels.base(UInt8.self), pixels.shape.height * pixels.shape.width)
    var sum = 0
    for place in 0..<count { sum += Int(luma(samples, at: place, count, pixels.shape)) }
    return UInt8(Double(sum) / Double(count) + 0.5)
  }

  @inline(__always)
  private func luma(_ samples: UnsafePointer<UInt8>, at place: Int, _ plane: Int, _ shape: ImageShape) -> UInt8 {
    guard shape.channels == 3 else { return samples[place] }
    return UInt8.luma(samples[place], samples[plane + place], samples[2 * plane + place])
  }

  private func enhanceColor(of pixels: PlanarPixels, _ factor: Float) {
    let (samples, count) = (pixels.base(UInt8.self), pixels.shape.height * pixels.shape.width)
    guard pixels.shape.channels == 3 else { return }
    for place in 0..<count {
      let grey = luma(samples, at: place, count, pixels.shape)
      for channel in 0..<3 {
        samples[channel * count + place] = blended(grey, samples[channel * count + place], factor)
      }
    }
  }

  /// Away from or towards a smoothed image: Pillow's `ImageFilter.SMOOTH`, the mean of nine pixels where the middle one
  /// counts five times; the outermost pixels stay.
  private mutating func enhanceSharpness(of pixels: PlanarPixels, _ factor: Float) {
    let (samples, shape) = (pixels.base(UInt8.self), pixels.shape)
    let (width, height) = (shape.width, shape.height)
    guard width > 2 && height > 2 else { return }
    keep(pixels)
    before.withUnsafeBufferPointer { before in
      for channel in 0..<shape.channels {
        for row in 1..<height - 1 {
          let start = (channel * height + row) * width
          for place in start + 1..<start + width - 1 {
            var sum = 4 * Int(before[place])
            for above in [place - width, place, place + width] {
              sum += Int(before[above - 1]) + Int(before[above]) + Int(before[above + 1])
            }
            // A thirteenth, rounded to nearest; there are no halves.
            samples[place] = blended(UInt8((2 * sum + 13) / 26), before[place], factor)
          }
        }
      }
    }
  }

  private mutating func move(
    _ pixels: PlanarPixels, _ transform: AffineTransform, fill: [UInt8], _ interpolation: AffineInterpolation
  ) {
    keep(pixels)
    before.withUnsafeBufferPointer { before in
      transform.apply(
        interpolation, to: before.baseAddress!, into: pixels.base(UInt8.self), pixels.shape, fill: fill)
    }
  }

  private mutating func keep(_ pixels: PlanarPixels) {
    let samples = UnsafeBufferPointer(start: pixels.base(UInt8.self), count: pixels.shape.count)
    before.removeAll(keepingCapacity: true)
    before.append(contentsOf: samples)
  }
}
