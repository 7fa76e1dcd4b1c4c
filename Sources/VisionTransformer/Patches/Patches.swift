import Compute

/// Copies the patches `order` of one image into rows, each in the order (channel, row, column): the order of a
/// convolution's weights.
///
/// - Parameters:
///   - output: [order.count, C·P·P], overwritten.
///   - image: C·H·W values, plane after plane.
@specialized(where Element == Float)
@specialized(where Element == BFloat16)
public func gatherPatches<Element: StoredElement>(
  output: MatrixView<Element>, image: Vector, order: VectorView<Int>, patches: PatchGrid
) {
  let (patch, width) = (patches.patchSize, patches.imageSize.width)
  precondition(
    image.count == patches.imageValues && output.columns == patches.patchValues && output.rows == order.count)
  for row in 0..<order.count {
    let corner = patches.corner(of: order[row])
    let target = output.row(row)
    var position = 0
    for channel in 0..<patches.channels {
      for y in 0..<patch {
        let source = channel * patches.imageSize.count + corner + y * width
        for x in 0..<patch { target[position + x] = Element(image[source + x]) }
        position += patch
      }
    }
  }
}
