import Compute

/// One matrix that the forward pass left, for whoever wants to look at it.
public struct Activation {
  public let name: String
  public let values: Matrix
  public let rowsPerImage: Int
}

extension Workspace {
  /// What the last forward pass left, in the order of its making.
  public var activations: [Activation] {
    var all: [Activation] = []
    func add(_ name: String, _ values: Matrix) {
      all.append(Activation(name: name, values: values, rowsPerImage: values.rows / imageCount))
    }
    func add(_ name: String, _ stack: StackActivations) {
      add("\(name).input", stack.input)
      for (index, block) in stack.blocks.enumerated() {
        add("\(name).\(index).norm1", block.norm1.output)
        add("\(name).\(index).query", block.query)
        add("\(name).\(index).key_value", block.keyValue)
        add("\(name).\(index).attention", block.attention)
        add("\(name).\(index).middle", block.middle)
        add("\(name).\(index).norm2", block.norm2.output)
        add("\(name).\(index).hidden", block.hidden)
        add("\(name).\(index).output", block.output)
      }
    }
    add("images", images)
    add("patches", encoder.patches)
    add("blocks", encoder.stack)
    add("norm", encoder.norm.output)
    add("decoder_embed", decoder.embeddings)
    add("decoder_blocks", decoder.stack)
    add("decoder_norm", decoder.norm.output)
    add("targets", targets)
    return all
  }
}
