/// What becomes of each of the 256 samples of an 8-bit channel.
struct SampleTable {
  private var samples = [UInt8](repeating: 0, count: 256)
  private var histogram = [Int](repeating: 0, count: 256)

  /// Sets each entry to what `function` gives, held within 0...255.
  mutating func set(_ function: (Int) -> Int) {
    for sample in 0..<256 { samples[sample] = UInt8(max(0, min(255, function(sample)))) }
  }

  /// Replaces every sample.
  func apply(to plane: UnsafeMutableBufferPointer<UInt8>) {
    samples.withUnsafeBufferPointer { samples in
      for place in plane.indices { plane[place] = samples[Int(plane[place])] }
    }
  }

  /// How often each sample occurs.
  private mutating func count(_ plane: UnsafeMutableBufferPointer<UInt8>) {
    for sample in 0..<256 { histogram[sample] = 0 }
    histogram.withUnsafeMutableBufferPointer { histogram in
      for sample in plane { histogram[Int(sample)] += 1 }
    }
  }

  /// Stretches the samples of a channel to 0...255.
  mutating func setAutoContrast(of plane: UnsafeMutableBufferPointer<UInt8>) {
    count(plane)
    let low = histogram.firstIndex { $0 > 0 }!
    let high = histogram.lastIndex { $0 > 0 }!
    guard low < high else { return set { $0 } }
    let scale = 255 / Double(high - low)
    let offset = -Double(low) * scale
    set { Int(Double($0) * scale + offset) }
  }

  /// Gives each sample the place that it has among all samples of a channel, in 255 steps of equally many.
  mutating func setEqualized(of plane: UnsafeMutableBufferPointer<UInt8>) {
    count(plane)
    let last = histogram.last { $0 > 0 }!
    let step = (plane.count - last) / 255
    // So few samples, or all of one kind, stay as they are.
    guard step > 0 else { return set { $0 } }
    var below = step / 2
    for sample in 0..<256 {
      samples[sample] = UInt8(min(255, below / step))
      below += histogram[sample]
    }
  }

  /// Pillow's `Image.blend` of a constant with each sample.
  mutating func setBlended(from constant: UInt8, _ factor: Float) {
    set { Int(blended(constant, UInt8($0), factor)) }
  }
}

/// Pillow's `Image.blend` of one sample: `from` at a factor of 0, `to` at 1, and beyond.
@inline(__always)
func blended(_ from: UInt8, _ to: UInt8, _ factor: Float) -> UInt8 {
  let value = Float(from) + factor * (Float(to) - Float(from))
  return UInt8(max(0, min(255, value)))
}
