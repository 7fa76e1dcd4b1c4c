import Checkpoints
import Compute
import Foundation
import MaskedAutoencoder

extension Trainer {
  /// What `--debug` prints after a step: statistics of every activation and gradient, and the parameters' hash.
  func debugReport(step: Int) -> String {
    var lines = ["step \(step): activations of the last virtual worker", TensorStatistics.header]
    for activation in workspacesInUse[workspacesInUse.count - 1].activations {
      lines.append(TensorStatistics(activation.values).row(named: activation.name))
    }
    lines += ["step \(step): gradients (sums over the batch)", TensorStatistics.header]
    for spec in model.table.specs {
      let values = gradient[spec.range].reshaped(rows: 1, columns: spec.range.count)
      lines.append(TensorStatistics(values).row(named: spec.name))
    }
    lines.append("step \(step): parameters \(CheckpointLayout(model).parameterHash(parameters.all))")
    return lines.joined(separator: "\n")
  }

  /// Where the first value that is not finite appeared in the last forward pass: the layer, and the image.
  func firstNonFinite() -> String? {
    for (worker, workspace) in workspacesInUse.enumerated() {
      for activation in workspace.activations {
        for row in 0..<activation.values.rows
        where !TensorStatistics(activation.values.rows(row..<row + 1)).isFinite {
          return "\(activation.name), image \(row / activation.rowsPerImage) of worker \(worker)"
        }
      }
    }
    return nil
  }
}

/// Mean, deviation and extremes of a tensor's values.
struct TensorStatistics {
  let mean: Double
  let deviation: Double
  let least: Float
  let most: Float
  let nonFiniteCount: Int

  var isFinite: Bool { nonFiniteCount == 0 }

  init(_ values: Matrix) {
    var (sum, squares, count, bad) = (0.0, 0.0, 0, 0)
    var (least, most) = (Float.infinity, -Float.infinity)
    for row in 0..<values.rows {
      for column in 0..<values.columns {
        let value = values[row, column]
        guard value.isFinite else {
          bad += 1
          continue
        }
        sum += Double(value)
        squares += Double(value) * Double(value)
        count += 1
        least = min(least, value)
        most = max(most, value)
      }
    }
    let mean = sum / Double(max(1, count))
    self.mean = mean
    deviation = max(0, squares / Double(max(1, count)) - mean * mean).squareRoot()
    (self.least, self.most, nonFiniteCount) = (least, most, bad)
  }

  static let header = "  name                                     mean  deviation       least        most  not finite"

  func row(named name: String) -> String {
    let padded = name.padding(toLength: max(34, name.count), withPad: " ", startingAt: 0)
    return "  " + padded
      + String(format: "%11.3e%11.3e%12.3e%12.3e%12d", mean, deviation, Double(least), Double(most), nonFiniteCount)
  }
}
