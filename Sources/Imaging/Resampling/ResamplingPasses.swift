/// The two passes of a separable resize: first along the rows into 8 bits, then down the columns.
///
/// The horizontal pass takes as many source rows at a time as fill sixteen lanes with whole pixels (16 grey rows, 5
/// RGB rows, 4 with alpha), so that every weight meets sixteen samples in one multiplication, whatever the number of
/// channels. It leaves planes, mirrored if asked, and the vertical pass reads and writes them in order.
struct ResamplingPasses {
  /// One group of source rows: for each source column the sixteen samples that the lanes take.
  private var packed: [SIMD16<UInt8>] = []
  /// The horizontal pass's result: rows × channels × `paddedWidth`.
  private var narrowed: [UInt8] = []
  private var line: [UInt8] = []

  mutating func run(
    _ image: Image, horizontal: ResamplingAxis, vertical: ResamplingAxis, flipped: Bool, output: PlanarPixels
  ) {
    precondition(image.channels == output.shape.channels, "image and output differ in channels")
    let (channels, width) = (output.shape.channels, output.shape.width)
    let paddedWidth = (width + 15) & ~15
    let rows = vertical.sourceRange
    let columns = horizontal.sourceRange
    grow(&packed, to: columns.count, SIMD16())
    grow(&narrowed, to: rows.count * channels * paddedWidth, 0)
    grow(&line, to: paddedWidth, 0)

    let rowsAtOnce = 16 / channels
    for first in stride(from: rows.lowerBound, to: rows.upperBound, by: rowsAtOnce) {
      let group = first..<min(first + rowsAtOnce, rows.upperBound)
      pack(image, rows: group, columns: columns)
      narrow(
        group: group.startIndex - rows.lowerBound..<group.endIndex - rows.lowerBound, firstColumn: columns.lowerBound,
        horizontal, channels: channels, width: width, paddedWidth: paddedWidth, flipped: flipped)
    }
    shorten(vertical, firstRow: rows.lowerBound, paddedWidth: paddedWidth, output: output)
  }

  private func grow<Element>(_ array: inout [Element], to count: Int, _ value: Element) {
    if array.count < count {
      array.append(contentsOf: repeatElement(value, count: count - array.count))
    }
  }

  /// Lays the samples of `rows` side by side, column by column. A group at the lower edge repeats its last row.
  private mutating func pack(_ image: Image, rows: Range<Int>, columns: Range<Int>) {
    let channels = image.channels
    let rowBytes = image.width * channels
    packed.withUnsafeMutableBytes { packed in
      image.pixels.withUnsafeBufferPointer { pixels in
        let target = packed.baseAddress!.assumingMemoryBound(to: UInt8.self)
        for (slot, wanted) in (rows.lowerBound..<rows.lowerBound + 16 / channels).enumerated() {
          let row = min(wanted, rows.upperBound - 1)
          let source = pixels.baseAddress! + row * rowBytes + columns.lowerBound * channels
          let lanes = target + slot * channels
          switch channels {
          case 1:
            for column in 0..<columns.count { lanes[16 &* column] = source[column] }
          case 3:
            for column in 0..<columns.count {
              lanes[16 &* column] = source[3 &* column]
              lanes[16 &* column &+ 1] = source[3 &* column &+ 1]
              lanes[16 &* column &+ 2] = source[3 &* column &+ 2]
            }
          default:
            for column in 0..<columns.count {
              for channel in 0..<channels {
                lanes[16 &* column &+ channel] = source[channels &* column &+ channel]
              }
            }
          }
        }
      }
    }
  }

  /// The horizontal pass over one packed group.
  private mutating func narrow(
    group: Range<Int>, firstColumn: Int, _ axis: ResamplingAxis, channels: Int, width: Int, paddedWidth: Int,
    flipped: Bool
  ) {
    packed.withUnsafeBufferPointer { packed in
      axis.weights.withUnsafeBufferPointer { weights in
        narrowed.withUnsafeMutableBufferPointer { narrowed in
          for position in 0..<width {
            let sum = weightedSum(
              packed.baseAddress! + (axis.starts[position] - firstColumn),
              weights.baseAddress! + position * axis.stride, count: axis.counts[position])
            let samples = roundedToBytes(sum)
            let column = flipped ? width - 1 - position : position
            var target = narrowed.baseAddress! + group.lowerBound * channels * paddedWidth + column
            for lane in 0..<group.count * channels {
              target.pointee = samples[lane]
              target += paddedWidth
            }
          }
        }
      }
    }
  }

  /// The vertical pass.
  private mutating func shorten(_ axis: ResamplingAxis, firstRow: Int, paddedWidth: Int, output: PlanarPixels) {
    let shape = output.shape
    let rowBytes = shape.channels * paddedWidth
    narrowed.withUnsafeBytes { narrowed in
      line.withUnsafeMutableBytes { line in
        for row in 0..<shape.height {
          for channel in 0..<shape.channels {
            let offset = (axis.starts[row] - firstRow) * rowBytes + channel * paddedWidth
            for column in stride(from: 0, to: paddedWidth, by: 16) {
              var sum = SIMD16<Int32>(repeating: 1 << (ResamplingAxis.fractionBits - 1))
              for tap in 0..<axis.counts[row] {
                let samples = narrowed.loadUnaligned(
                  fromByteOffset: offset &+ tap &* rowBytes &+ column, as: SIMD16<UInt8>.self)
                sum &+= SIMD16<Int32>(truncatingIfNeeded: samples) &* axis.weights[row &* axis.stride &+ tap]
              }
              line.storeBytes(of: roundedToBytes(sum), toByteOffset: column, as: SIMD16<UInt8>.self)
            }
            let target = output.base + (channel * shape.height + row) * shape.width
            UnsafeMutableRawPointer(target).copyMemory(from: line.baseAddress!, byteCount: shape.width)
          }
        }
      }
    }
  }
}

/// Half a unit, for rounding, and `count` samples times their weights. Sums stay below 2³¹: weights are below 1.2 ·
/// 2²² in absolute value, and where they add up to more than that, they have both signs.
@inline(__always)
private func weightedSum(
  _ samples: UnsafePointer<SIMD16<UInt8>>, _ weights: UnsafePointer<Int32>, count: Int
) -> SIMD16<Int32> {
  var sum = SIMD16<Int32>(repeating: 1 << (ResamplingAxis.fractionBits - 1))
  for tap in 0..<count {
    sum &+= SIMD16<Int32>(truncatingIfNeeded: samples[tap]) &* weights[tap]
  }
  return sum
}

@inline(__always)
private func roundedToBytes(_ sum: SIMD16<Int32>) -> SIMD16<UInt8> {
  let samples = sum &>> SIMD16(repeating: ResamplingAxis.fractionBits)
  return SIMD16<UInt8>(
    truncatingIfNeeded: samples.clamped(lowerBound: SIMD16(repeating: 0), upperBound: SIMD16(repeating: 255)))
}
