/// Σ x² in double precision: sixteen running sums, then the fixed tree over them.
public func sumOfSquares(_ vector: Vector) -> Double {
  var low = SIMD8<Double>(repeating: 0)
  var high = SIMD8<Double>(repeating: 0)
  for block in Blocks(vector.count) {
    let values = vector[block]
    let (a, b) = (SIMD8<Double>(values.lowHalf), SIMD8<Double>(values.highHalf))
    low = low.addingProduct(a, a)
    high = high.addingProduct(b, b)
  }
  let eight = low + high
  let four = eight.lowHalf + eight.highHalf
  let two = four.lowHalf + four.highHalf
  return two[0] + two[1]
}
