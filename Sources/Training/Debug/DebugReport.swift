import Checkpoints
import Compute
import Parameters

extension Replica {
  /// What `--debug` prints after a step: statistics of every activation and gradient, and the parameters' hash.
  func debugReport(step: Int) -> String {
    var lines = ["step \(step): activations over the batch", TensorStatistics.header]
    lines += (probe?.statistics ?? []).map { $0.values.row(named: $0.name) }
    lines += ["step \(step): gradients (sums over the batch)", TensorStatistics.header]
    for spec in task.table.specs {
      lines.append(TensorStatistics(row(of: gradient, spec)).row(named: spec.name))
    }
    lines.append("step \(step): parameters \(CheckpointLayout(task).parameterHash(parameters.all))")
    return lines.joined(separator: "\n")
  }

  /// The first gradient in the order of backward that is not finite.
  var nonFiniteGradient: String? {
    task.table.specs.last { !TensorStatistics(row(of: gradient, $0)).isFinite }?.name
  }

  /// The first parameter that is not finite.
  var nonFiniteParameter: String? {
    task.table.specs.first { !TensorStatistics(row(of: parameters.all, $0)).isFinite }?.name
  }

  private func row(of arena: Vector, _ spec: ParameterSpec) -> Matrix {
    arena[spec.range].reshaped(rows: 1, columns: spec.range.count)
  }
}
