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
    let width = shape.width
    return BlockPlace(
      norm1: addNorm(name + ".norm1", width: width),
      qkv: addLinear(name + ".attn.qkv", outputs: 3 * width, inputs: width),
      qkvGroup: endGroup(name + ".attn.qkv", layer: layer),
      projection: addLinear(name + ".attn.proj", outputs: width, inputs: width),
      projectionGroup: endGroup(name + ".attn.proj", layer: layer),
      norm2: addNorm(name + ".norm2", width: width),
      expansion: addLinear(name + ".mlp.fc1", outputs: shape.hiddenWidth, inputs: width),
      expansionGroup: endGroup(name + ".mlp.fc1", layer: layer),
      contraction: addLinear(name + ".mlp.fc2", outputs: width, inputs: shape.hiddenWidth),
      contractionGroup: endGroup(name + ".mlp.fc2", layer: layer))
  }
}
