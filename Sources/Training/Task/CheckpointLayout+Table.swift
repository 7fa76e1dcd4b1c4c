import Checkpoints
import Parameters

extension CheckpointLayout {
  /// How the arenas of a table become a checkpoint.
  ///
  /// - Parameters:
  ///   - constants: of the model, which it does not train.
  ///   - moments: the names of the optimiser's.
  public init(table: ParameterTable, constants: [ConstantTensor], moments: [String]) {
    self.init(
      tensors: table.specs.map { CheckpointTensor(name: $0.name, shape: $0.shape, offset: $0.range.lowerBound) },
      moments: moments, arenaCount: table.arenaCount, constants: constants)
  }

  /// Of the checkpoints that a task's runs save.
  public init(_ task: some TrainingTask) {
    let average = task.averageDecay == nil ? [] : [Self.averageName]
    self.init(table: task.table, constants: task.constants, moments: task.configuration.train.momentNames + average)
  }

  /// What the moving average of the parameters is called in checkpoints, where it stands behind the optimiser's moments.
  package static let averageName = "ema"
}
