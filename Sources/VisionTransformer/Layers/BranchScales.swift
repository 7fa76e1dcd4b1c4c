import Compute

/// What each image's branches of each block are multiplied by before they are added to the stream: stochastic depth, or drop
/// path (Huang et al. 2016), in which a branch is left out, or made larger so that its mean stays what it is.
public struct BranchScales {
  /// [2 · blocks, images]: of each block, attention's, then the MLP's.
  public let values: Matrix

  public init(_ values: Matrix) {
    self.values = values
  }

  func ofBlock(_ index: Int) -> BlockScales {
    BlockScales(attention: values.row(2 * index), mlp: values.row(2 * index + 1))
  }

  /// Draws the scales of an image: the branches of block i of n are left out with probability rate · i / (n − 1).
  ///
  /// - Parameter image: its column.
  public func draw(rate: Double, image: Int, seed: UInt64, epoch: Int, sample: Int) {
    var stream = RandomStream(seed: seed, purpose: .dropPath, epoch: epoch, sample: sample)
    let blocks = values.rows / 2
    for block in 0..<blocks {
      let kept = 1 - rate * Double(block) / Double(max(1, blocks - 1))
      for branch in 2 * block...2 * block + 1 {
        values[branch, image] = stream.uniform(in: 0...1) < kept ? Float(1 / kept) : 0
      }
    }
  }
}

/// Those of one block, a value for each image.
struct BlockScales {
  let attention: Vector
  let mlp: Vector
}

extension TransformerBlock {
  /// Multiplies the rows of each image.
  func scale(_ values: MatrixView<Element>, by scales: Vector?, _ shape: BlockShape) {
    guard let scales else { return }
    for image in 0..<shape.images { scaleRows(of: values.rows(shape.outputRows(of: image)), by: scales[image]) }
  }

  /// The gradient of a bias that was scaled with its branch, in the place of the one that was not; nothing without scales.
  func sum(_ gradient: MatrixView<Element>, into bias: Vector, scaledBy scales: Vector?, _ shape: BlockShape) {
    guard let scales else { return }
    clear(bias)
    for image in 0..<shape.images {
      addRows(to: bias, gradient.rows(shape.outputRows(of: image)), scale: scales[image])
    }
  }
}
