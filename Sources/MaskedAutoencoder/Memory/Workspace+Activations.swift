import Compute
import VisionTransformer

/// One matrix that the forward pass left, for whoever wants to look at it.
public final class Activation {
  public let name: String
  public let values: Matrix
  public let rowsPerImage: Int
  /// Where values that are kept in bfloat16 were widened to.
  private let widened: AlignedBuffer<Float>

  init<Element: StoredElement>(_ name: String, _ kept: MatrixView<Element>, images: Int) {
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

extension Workspace {
  /// What the last forward pass left, in the order of its making. With `Recompute` other than none, later blocks have
  /// written over some of it.
  public var activations: [Activation] {
    switch kept {
    case .fp32(let encoder, let decoder): activations(encoder, decoder)
    case .bf16(let encoder, let decoder): activations(encoder, decoder)
    }
  }

  private func activations<Element: StoredElement>(
    _ encoder: EncoderActivations<Element>, _ decoder: DecoderActivations<Element>
  ) -> [Activation] {
    var all: [Activation] = []
    func add<Stored: StoredElement>(_ name: String, _ values: MatrixView<Stored>) {
      all.append(Activation(name, values, images: imageCount))
    }
    func add(_ name: String, _ stack: StackActivations<Element>) {
      add("\(name).input", stack.input)
      for (index, block) in stack.blocks.enumerated() {
        add("\(name).\(index).query", block.queryKeyValue.query)
        add("\(name).\(index).key_value", block.queryKeyValue.keyValue)
        add("\(name).\(index).attention", block.attention)
        add("\(name).\(index).middle", block.middle)
        add("\(name).\(index).hidden", block.hidden)
        add("\(name).\(index).output", block.output)
      }
    }
    add("images", images)
    add("patches", encoder.patches)
    add("blocks", encoder.stack)
    add("norm", encoder.latent)
    add("decoder_embed", decoder.embeddings)
    add("decoder_blocks", decoder.stack)
    add("decoder_norm", decoder.normOutput)
    add("targets", targets)
    return all
  }
}
