import Compute

extension ParameterTable {
  /// Fills an arena with a model's first weights (He et al. 2022, Appendix A.1).
  ///
  /// Each tensor draws from a stream of its own, numbered by its place in the table.
  public func initialize(_ arena: Vector, seed: UInt64) {
    precondition(arena.count == arenaCount, "the arena has another size")
    clear(arena)
    for (index, spec) in specs.enumerated() {
      var stream = RandomStream(seed: seed, purpose: .initialization, sample: index)
      let values = arena[spec.range]
      switch spec.initializer {
      case .zeros:
        break
      case .ones:
        for i in 0..<values.count { values[i] = 1 }
      case .xavierUniform(let fanIn, let fanOut):
        let bound = (6 / Double(fanIn + fanOut)).squareRoot()
        for i in 0..<values.count { values[i] = Float(stream.uniform(in: -bound...bound)) }
      case .normal(let deviation):
        for i in 0..<values.count { values[i] = Float(stream.normal() * deviation) }
      }
    }
  }
}
