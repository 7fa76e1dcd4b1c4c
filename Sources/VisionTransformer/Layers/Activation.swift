import Compute

/// One matrix that the forward pass left, for whoever wants to look at it. It may own the memory of `values`.
public final class Activation {
  public let name: String
  public let values: Matrix
  public let rowsPerImage: Int
  /// Where values that are kept in bfloat16 were widened to.
  private let widened: AlignedBuffer<Float>

  /// - Parameter kept: [images · rows an image, columns].
  public init<Element: StoredElement>(_ name: String, _ kept: MatrixView<Element>, images: Int) {
    self.name = name
    rowsPerImage = kept.rows / images
    if let floats = kept as? Matrix {
      widened = AlignedBuffer(repeating: 0, count: 0)
      values = floats
    } else {
      widened = AlignedBuffer(repeating: 0, count: kept.rows * kept.columns)
      values = widened.all.reshaped(rows: kept.rows, columns: kept.columns)
      for row in 0..<kept.rows {
        for column in 0..<kept.columns { values[row, column] = kept[row, column].float }
      }
    }
  }
}

extension TrunkActivations {
  /// What the last forward pass left, in the order of its making. With `Recompute` other than none, later blocks have
  /// written over some of it.
  func all(images: Int) -> [Activation] {
    [Activation("patches", patches, images: images)] + stack.all("blocks", images: images)
  }
}

extension EncoderActivations {
  /// The same of an encoder.
  public func all(images: Int) -> [Activation] {
    trunk.all(images: images) + [Activation("norm", latent, images: images)]
  }
}

extension StackActivations {
  /// The same of a stack that is called `name`.
  public func all(_ name: String, images: Int) -> [Activation] {
    [Activation("\(name).input", input, images: images)]
      + blocks.enumerated().flatMap { index, block in block.all("\(name).\(index)", images: images) }
  }
}

extension BlockActivations {
  fileprivate func all(_ name: String, images: Int) -> [Activation] {
    func activation<Stored: StoredElement>(_ part: String, _ values: MatrixView<Stored>) -> Activation {
      Activation("\(name).\(part)", values, images: images)
    }
    return [
      activation("query", queryKeyValue.query), activation("key_value", queryKeyValue.keyValue),
      activation("attention", attention), activation("middle", middle), activation("hidden", hidden),
      activation("output", output),
    ]
  }
}
