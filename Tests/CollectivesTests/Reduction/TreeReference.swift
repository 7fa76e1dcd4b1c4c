/// The tree of ReductionTree's documentation, evaluated by plain recursion.
func treeSum<Number: FloatingPoint>(_ values: ArraySlice<Number>) -> Number {
  if values.count == 1 { return values.first! }
  var leftCount = values.count / 2
  if !values.count.isMultiple(of: 2) {
    leftCount = 1
    while leftCount * 2 < values.count { leftCount *= 2 }
  }
  return treeSum(values.prefix(leftCount)) + treeSum(values.dropFirst(leftCount))
}

/// How many partial sums the tree has after its first `arrived` leaves: the largest complete nodes.
func completeNodes(leafCount: Int, arrived: Int) -> Int {
  if arrived <= 0 { return 0 }
  if arrived >= leafCount { return 1 }
  var leftCount = leafCount / 2
  if !leafCount.isMultiple(of: 2) {
    leftCount = 1
    while leftCount * 2 < leafCount { leftCount *= 2 }
  }
  return completeNodes(leafCount: leftCount, arrived: min(arrived, leftCount))
    + completeNodes(leafCount: leafCount - leftCount, arrived: arrived - leftCount)
}

/// Numbers whose sum depends on the order in most cases: cancelling giants, ones, and dust.
func adversarial(leaf: Int, element: Int) -> Float {
  let choices: [Float] = [
    1e8, -1e8, 1, -1, 3, 0.1, 1e-8, -1e-8, 1e-30, 16_777_216, -16_777_216, Float(bitPattern: 700),
  ]
  var bits = UInt64(leaf &* 1_000_003 &+ element) &+ 0x9E37_79B9_7F4A_7C15
  bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
  bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
  return choices[Int((bits ^ bits >> 31) % UInt64(choices.count))]
}
