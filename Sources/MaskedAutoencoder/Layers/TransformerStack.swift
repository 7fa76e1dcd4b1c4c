import Compute

/// Where backward puts the gradient of one layer group at a time.
///
/// The model asks for memory, fills it wholly, and says so; then the memory is the receiver's. So nobody holds a
/// gradient of the whole model, and a group can be reduced while the ones before it are still being computed.
public protocol GradientReceiver {
  /// Memory for the gradient of `group`, an index of `ParameterTable.groups`. What it held does not matter.
  func memory(for group: Int) -> Vector
  /// All of `group` has been written. Groups finish from the last of the table to the first.
  func finished(group: Int)
}

/// What a stack of blocks leaves for backward, and the scratch that its blocks share.
struct StackActivations {
  /// The residual stream before the first block: [images·tokens, D].
  let input: Matrix
  let blocks: [BlockActivations]
  let scratch: BlockScratch

  /// - Parameters:
  ///   - queries: an image's last tokens whose output is wanted of the last block.
  ///   - keepsEveryBlock: as backward needs it; otherwise the blocks take turns with the memory of two.
  init(
    images: Int, tokens: Int, queries: Int, transformer: TransformerConfiguration, keepsEveryBlock: Bool = true,
    _ allocator: inout ArenaAllocator
  ) {
    precondition(keepsEveryBlock || queries == tokens, "blocks that share memory have one shape")
    let shape = BlockShape(images: images, tokens: tokens, queries: tokens, transformer: transformer)
    let last = BlockShape(images: images, tokens: tokens, queries: queries, transformer: transformer)
    input = allocator.matrix(shape.inputRows, shape.width)
    var blocks: [BlockActivations] = []
    for index in 0..<transformer.depth {
      blocks.append(
        !keepsEveryBlock && index >= 2
          ? blocks[index - 2] : BlockActivations(index == transformer.depth - 1 ? last : shape, &allocator))
    }
    self.blocks = blocks
    scratch = BlockScratch(shape, last: last, &allocator)
  }

  var output: Matrix { blocks.last!.output }
  /// Where backward expects the gradient of `output`.
  var outputGradient: Matrix { scratch.queryStream }

  func input(of block: Int) -> Matrix { block == 0 ? input : blocks[block - 1].output }
}

/// Transformer blocks one after another.
struct TransformerStack: Sendable {
  let blocks: [BlockLayout]
  /// The group of each block in the parameter table.
  let groups: [Int]
  let epsilon: Float

  func forward(parameters: ArenaWindow, saved: StackActivations) {
    for index in blocks.indices {
      TransformerBlock(layout: blocks[index], epsilon: epsilon).forward(
        input: saved.input(of: index), parameters: parameters, saved: saved.blocks[index], scratch: saved.scratch)
    }
  }

  /// Takes the gradient of the output from `saved.outputGradient`.
  ///
  /// - Returns: the gradient of `saved.input`.
  func backward(
    parameters: ArenaWindow, saved: StackActivations, table: ParameterTable, receiver: some GradientReceiver
  ) -> Matrix {
    var gradient = saved.outputGradient
    for index in blocks.indices.reversed() {
      table.writeGradient(of: groups[index], to: receiver) { gradients in
        gradient = TransformerBlock(layout: blocks[index], epsilon: epsilon).backward(
          streamGradient: gradient, input: saved.input(of: index), parameters: parameters, gradients: gradients,
          saved: saved.blocks[index], scratch: saved.scratch)
      }
    }
    return gradient
  }
}

extension ParameterTable {
  /// Has `write` fill the receiver's memory for `group`, sets the gaps between its tensors to zero, and hands it over.
  func writeGradient(of group: Int, to receiver: some GradientReceiver, _ write: (ArenaWindow) -> Void) {
    let range = groups[group].range
    let window = ArenaWindow(receiver.memory(for: group), start: range.lowerBound)
    write(window)
    for gap in groups[group].gaps { clear(window[gap]) }
    receiver.finished(group: group)
  }
}
