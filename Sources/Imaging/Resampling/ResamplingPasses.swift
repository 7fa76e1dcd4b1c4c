/// The two passes of a separable resize: first along the rows, then down the columns.
///
/// The horizontal pass takes as many source rows at a time as fill sixteen lanes with whole pixels (16 grey rows, 5
/// RGB rows, 4 with alpha), so that every weight meets sixteen samples in one multiplication, whatever the number of
/// channels; more than sixteen channels go through in groups. It leaves planes, mirrored if asked, and the vertical pass
/// reads and writes them in order.
struct ResamplingPasses<Arithmetic: ResamplingArithmetic> {
  typealias Element = Arithmetic.Element

  /// One group of source rows: for each source column the sixteen samples that the lanes take.
  private var packed: [SIMD16<Element>] = []
  /// The horizontal pass's result: rows × channels × `paddedWidth`.
  private var narrowed: [Arithmetic.Partial] = []
  private var line: [SIMD16<Element>] = []

  /// - Parameter samples: of `image`, of this arithmetic's type.
  mutating func run(
    _ image: Image, _ samples: [Element], horizontal: ResamplingAxis, vertical: ResamplingAxis, flipped: Bool,
    upsideDown: Bool, output: PlanarPixels
  ) {
    precondition(image.channels == output.shape.channels, "image and output differ in channels")
    let (channels, width) = (output.shape.channels, output.shape.width)
    let paddedWidth = (width + 15) & ~15
    let rows = vertical.sourceRange
    let columns = horizontal.sourceRange
    grow(&packed, to: columns.count, SIMD16())
    grow(&narrowed, to: rows.count * channels * paddedWidth, 0)
    grow(&line, to: paddedWidth / 16, SIMD16())

    let weights = Arithmetic.weights(of: horizontal)
    let rowsAtOnce = max(1, 16 / channels)
    for first in stride(from: rows.lowerBound, to: rows.upperBound, by: rowsAtOnce) {
      let group = first..<min(first + rowsAtOnce, rows.upperBound)
      for firstChannel in stride(from: 0, to: channels, by: 16) {
        let part = firstChannel..<min(firstChannel + 16, channels)
        pack(samples, of: image, rows: group, rowsAtOnce: rowsAtOnce, channels: part, columns: columns)
        narrow(
          horizontal, weights, firstColumn: columns.lowerBound,
          firstPlane: (group.lowerBound - rows.lowerBound) * channels + part.lowerBound,
          planeCount: group.count * part.count, width: width, paddedWidth: paddedWidth, flipped: flipped)
      }
    }
    shorten(
      vertical, firstRow: rows.lowerBound, paddedWidth: paddedWidth, upsideDown: upsideDown, output: output)
  }

  private func grow<Value>(_ array: inout [Value], to count: Int, _ value: Value) {
    if array.count < count {
      array.append(contentsOf: repeatElement(value, count: count - array.count))
    }
  }

  /// Lays the samples of `rows` side by side, column by column. A group at the lower edge repeats its last row.
  private mutating func pack(
    _ samples: [Element], of image: Image, rows: Range<Int>, rowsAtOnce: Int, channels: Range<Int>,
    columns: Range<Int>
  ) {
    let step = image.channels
    packed.withUnsafeMutableBytes { packed in
      samples.withUnsafeBufferPointer { samples in
        let target = packed.baseAddress!.assumingMemoryBound(to: Element.self)
        for (slot, wanted) in (rows.lowerBound..<rows.lowerBound + rowsAtOnce).enumerated() {
          let row = min(wanted, rows.upperBound - 1)
          let source =
            samples.baseAddress! + (row * image.width + columns.lowerBound) * step + channels.lowerBound
          let lanes = target + slot * channels.count
          switch step {
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
              for channel in 0..<channels.count {
                lanes[16 &* column &+ channel] = source[step &* column &+ channel]
              }
            }
          }
        }
      }
    }
  }

  /// The horizontal pass over one packed group, which becomes `planeCount` lines of single channels.
  private mutating func narrow(
    _ axis: ResamplingAxis, _ weights: [Arithmetic.Weight], firstColumn: Int, firstPlane: Int, planeCount: Int,
    width: Int, paddedWidth: Int, flipped: Bool
  ) {
    packed.withUnsafeBufferPointer { packed in
      weights.withUnsafeBufferPointer { weights in
        narrowed.withUnsafeMutableBufferPointer { narrowed in
          for position in 0..<width {
            let samples = Arithmetic.narrowed(
              packed.baseAddress! + (axis.starts[position] - firstColumn),
              weights.baseAddress! + position * axis.stride, count: axis.counts[position])
            let column = flipped ? width - 1 - position : position
            var target = narrowed.baseAddress! + firstPlane * paddedWidth + column
            for lane in 0..<planeCount {
              target.pointee = samples[lane]
              target += paddedWidth
            }
          }
        }
      }
    }
  }

  /// The vertical pass.
  private mutating func shorten(
    _ axis: ResamplingAxis, firstRow: Int, paddedWidth: Int, upsideDown: Bool, output: PlanarPixels
  ) {
    let shape = output.shape
    let rowCount = shape.channels * paddedWidth
    let result = output.base(Element.self)
    Arithmetic.weights(of: axis).withUnsafeBufferPointer { weights in
      narrowed.withUnsafeBufferPointer { narrowed in
        line.withUnsafeMutableBufferPointer { line in
          for row in 0..<shape.height {
            let weights = weights.baseAddress! + row * axis.stride
            for channel in 0..<shape.channels {
              let source = narrowed.baseAddress! + (axis.starts[row] - firstRow) * rowCount + channel * paddedWidth
              for vector in 0..<paddedWidth / 16 {
                line[vector] = Arithmetic.shortened(
                  source + 16 * vector, stride: rowCount, weights, count: axis.counts[row])
              }
              let targetRow = upsideDown ? shape.height - 1 - row : row
              let target = result + (channel * shape.height + targetRow) * shape.width
              UnsafeMutableRawPointer(target).copyMemory(
                from: line.baseAddress!, byteCount: shape.width * MemoryLayout<Element>.stride)
            }
          }
        }
      }
    }
  }
}
