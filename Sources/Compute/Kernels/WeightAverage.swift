/// The exponential moving average of weights (timm's `ModelEmaV3`): average ← average + (1 − decay) · (weights − average), in
/// one fused multiply-add for each float.
///
/// - Parameters:
///   - average: updated in place; at first a copy of the first weights.
///   - weights: as many, as an update has left them.
///   - decay: from 0 to below 1.
public func updateWeightAverage(average: Vector, weights: Vector, decay: Double) {
  precondition(average.count == weights.count, "an average of other weights")
  precondition(decay >= 0 && decay < 1, "a decay from 0 to below 1")
  let share = Lanes(repeating: Float(1 - decay))
  for block in Blocks(average.count) {
    let old = average[block]
    average[block] = old.addingProduct(share, weights[block] - old)
  }
}
