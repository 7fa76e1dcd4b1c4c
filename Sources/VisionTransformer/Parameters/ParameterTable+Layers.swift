import Parameters

extension ParameterTable {
  /// Adds the weight and the bias of a linear layer.
  ///
  /// - Parameter weightShape: other than [outputs, inputs], of as many values.
  public mutating func addLinear(
    _ name: String, outputs: Int, inputs: Int, weightShape: [Int]? = nil
  ) -> LinearPlace {
    LinearPlace(
      outputs: outputs, inputs: inputs,
      weight: add(
        name + ".weight", shape: weightShape ?? [outputs, inputs],
        initializer: .xavierUniform(fanIn: inputs, fanOut: outputs), isDecayed: true),
      bias: add(name + ".bias", shape: [outputs], initializer: .zeros, isDecayed: false))
  }

  /// Adds the weight and the bias of a layer norm.
  public mutating func addNorm(_ name: String, width: Int) -> NormPlace {
    NormPlace(
      weight: add(name + ".weight", shape: [width], initializer: .ones, isDecayed: false),
      bias: add(name + ".bias", shape: [width], initializer: .zeros, isDecayed: false))
  }

  /// Adds a token that is learned.
  public mutating func addToken(_ name: String, width: Int) -> Range<Int> {
    add(name, shape: [1, 1, width], initializer: .normal(deviation: 0.02), isDecayed: true)
  }

  /// Adds a transformer block, of four groups.
  public mutating func addBlock(_ name: String, _ shape: TransformerConfiguration, layer: Int) -> BlockPlace {
    BlockPlace(
      attention: addAttention(name, shape, layer: layer), mlp: addMLP(name, shape, layer: layer),
      trainsAttention: true, trainsMLP: true)
  }

  mutating func addAttention(_ name: String, _ shape: TransformerConfiguration, layer: Int) -> AttentionPlace {
    AttentionPlace(
      norm1: addNorm(name + ".norm1", width: shape.width),
      qkv: addLinear(name + ".attn.qkv", outputs: 3 * shape.width, inputs: shape.width),
      qkvGroup: endGroup(name + ".attn.qkv", layer: layer),
      projection: addLinear(name + ".attn.proj", outputs: shape.width, inputs: shape.width),
      projectionGroup: endGroup(name + ".attn.proj", layer: layer))
  }

  mutating func addMLP(_ name: String, _ shape: TransformerConfiguration, layer: Int) -> MLPPlace {
    MLPPlace(
      norm2: addNorm(name + ".norm2", width: shape.width),
      expansion: addLinear(name + ".mlp.fc1", outputs: shape.hiddenWidth, inputs: shape.width),
      expansionGroup: endGroup(name + ".mlp.fc1", layer: layer),
      contraction: addLinear(name + ".mlp.fc2", outputs: shape.width, inputs: shape.hiddenWidth),
      contractionGroup: endGroup(name + ".mlp.fc2", layer: layer))
  }
}

extension SplitTables {
  /// Adds a transformer block, each half of which is trained or frozen.
  mutating func addBlock(
    _ name: String, _ shape: TransformerConfiguration, layer: Int, trainsAttention: Bool, trainsMLP: Bool
  ) -> BlockPlace {
    BlockPlace(
      attention: self[isTrained: trainsAttention].addAttention(name, shape, layer: layer),
      mlp: self[isTrained: trainsMLP].addMLP(name, shape, layer: layer),
      trainsAttention: trainsAttention, trainsMLP: trainsMLP)
  }
}
