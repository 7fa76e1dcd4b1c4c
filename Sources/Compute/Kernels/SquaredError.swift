/// Σ (p − t)², and p becomes its gradient, (p − t) · `gradientScale`.
///
/// - Parameters:
///   - predictions: p, overwritten with the gradient.
///   - targets: t, of the same count.
///   - gradientScale: 2, times what the caller divides the sum by.
public func squaredError(predictions: Vector, targets: Vector, gradientScale: Float) -> Float {
  precondition(predictions.count == targets.count)
  var sum = Lanes(repeating: 0)
  for block in Blocks(predictions.count) {
    let difference = predictions[block] - targets[block]
    sum = sum.addingProduct(difference, difference)
    predictions[block] = difference * gradientScale
  }
  return sum.treeSum
}
