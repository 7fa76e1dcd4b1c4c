import Compute

/// Added to the variance (the authors' code for linear probes).
private let epsilon = 1e-6
/// The share of a running statistic that a step's batch replaces (Ioffe and Szegedy 2015, as torch has it).
private let replacedShare: Float = 0.1

/// Batch normalisation without weights of its own, over the whole of a step's batch (Ioffe and Szegedy 2015): every virtual
/// worker's features are summed up before any is trained on, so that the result depends on no cut of the batch.
///
/// What is before it is not trained, so it has no backward pass.
extension Classifier {
  /// Numbers of a virtual worker's sums: of each feature, that of the values and that of their squares.
  public var surveyCount: Int { configuration.normalizesBatch ? 2 * configuration.encoder.transformer.width : 0 }

  /// Takes the features of the workspace's images, keeps them for `classifyBatch`, and sums them up in double precision from
  /// the first image to the last.
  public func survey(
    parameters: Vector, rounded: VectorView<BFloat16>, workspace: ClassifierWorkspace, sums: VectorView<Double>
  ) {
    encode(parameters: parameters, rounded: rounded, workspace: workspace)
    let features = workspace.views.head.features
    copyRows(output: kept(workspace), input: features)
    let width = features.columns
    for index in 0..<width {
      var (sum, squares) = (0.0, 0.0)
      for image in 0..<features.rows {
        let value = Double(features[image, index])
        sum += value
        squares += value * value
      }
      sums[index] = sum
      sums[width + index] = squares
    }
  }

  /// Gives a workspace the statistics of the whole batch.
  ///
  /// - Parameter total: of all virtual workers' sums.
  public func take(_ total: (_ index: Int) -> Double, ofImages images: Int, workspace: ClassifierWorkspace) {
    let (batch, count) = (workspace.views.batch, Double(images))
    let width = batch.mean.count
    for index in 0..<width {
      let mean = total(index) / count
      let variance = max(0, total(width + index) / count - mean * mean)
      batch.mean[index] = Float(mean)
      batch.inverseDeviation[index] = Float(1 / (variance + epsilon).squareRoot())
      batch.unbiasedVariance[index] = Float(variance * count / max(1, count - 1))
    }
  }

  /// The logits of images that were surveyed, by the statistics of their batch, into `workspace.logits`.
  public func classifyBatch(parameters: Vector, workspace: ClassifierWorkspace) {
    let batch = workspace.views.batch
    normalize(kept(workspace), into: workspace.views.head.features, batch.mean, batch.inverseDeviation)
    tell(parameters: parameters, workspace: workspace)
  }

  /// Moves the running statistics towards those of the batch.
  public func updateRunningStatistics(of parameters: Vector, workspace: ClassifierWorkspace) {
    guard let running = places.running else { return }
    let batch = workspace.views.batch
    for (place, new) in [(running.mean, batch.mean), (running.variance, batch.unbiasedVariance)] {
      let old = parameters[place]
      for index in 0..<old.count { old[index] = (1 - replacedShare) * old[index] + replacedShare * new[index] }
    }
  }

  /// Normalises the features of the workspace in place by the running statistics; nothing without batch normalisation.
  func normalizeByRunningStatistics(parameters: Vector, workspace: ClassifierWorkspace) {
    guard let running = places.running else { return }
    let (features, batch) = (workspace.views.head.features, workspace.views.batch)
    let variance = parameters[running.variance]
    for index in 0..<variance.count {
      batch.inverseDeviation[index] = Float(1 / (Double(variance[index]) + epsilon).squareRoot())
    }
    normalize(features, into: features, parameters[running.mean], batch.inverseDeviation)
  }

  /// Makes of a linear layer over features normalised by running statistics one over the features as they are: the same
  /// logits but for rounding.
  ///
  /// - Parameters:
  ///   - weight: [classes, D], changed in place.
  ///   - bias: [classes], changed in place.
  ///   - mean, variance: the running statistics, [D].
  public static func foldBatchNorm(intoWeight weight: Matrix, bias: Vector, mean: Vector, variance: Vector) {
    for row in 0..<weight.rows {
      var shift = 0.0
      for index in 0..<weight.columns {
        let scaled = Double(weight[row, index]) / (Double(variance[index]) + epsilon).squareRoot()
        shift += scaled * Double(mean[index])
        weight[row, index] = Float(scaled)
      }
      bias[row] = Float(Double(bias[row]) - shift)
    }
  }

  /// The features of the running round.
  private func kept(_ workspace: ClassifierWorkspace) -> Matrix {
    let begin = workspace.round * workspace.imageCount
    return workspace.views.batch.features.rows(begin..<begin + workspace.imageCount)
  }

  private func normalize(_ input: Matrix, into output: Matrix, _ mean: Vector, _ inverseDeviation: Vector) {
    for row in 0..<input.rows {
      for index in 0..<input.columns {
        output[row, index] = (input[row, index] - mean[index]) * inverseDeviation[index]
      }
    }
  }
}
