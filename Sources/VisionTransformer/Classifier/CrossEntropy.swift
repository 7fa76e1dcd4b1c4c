import Compute

/// The cross-entropy of soft targets, −Σ t · log p with p the softmax of the logits: Σ t · (log Σ e^z − z), where the targets
/// of an image add up to 1.
///
/// - Parameter workspace: `logits`, `targets` and `labels` are read; the logits are used up, and `logitGradient` is p − t.
/// - Returns: the sum over the images, added up in double precision from the first image to the last, and the images whose
///   largest logit is that of their label.
func crossEntropy(_ workspace: ClassifierWorkspace) -> (sum: Double, correct: Int) {
  let head = workspace.views.head
  let (logits, targets) = (head.logits, workspace.targets)
  var (sum, correct) = (0.0, 0)
  for image in 0..<logits.rows {
    let (row, target) = (logits.row(image), targets.row(image))
    if placeOfLabel(workspace.labels[image], in: row) == 0 { correct += 1 }
    for index in 0..<row.count { sum -= Double(target[index]) * Double(row[index]) }
  }
  softmaxForward(
    probabilities: head.logitGradient, rows: logits, scale: 1, maximum: head.maxima, inverseSum: head.inverseSums)
  for image in 0..<logits.rows {
    let (gradient, target) = (head.logitGradient.row(image), targets.row(image))
    var total = 0.0
    for index in 0..<gradient.count {
      gradient[index] -= target[index]
      total += Double(target[index])
    }
    // Of a logit that is no number comes a sum that is none, and there is no logarithm of it.
    let inverse = Double(head.inverseSums[image])
    sum += inverse > 0 ? total * (Double(head.maxima[image]) - Elementary.log(inverse)) : .nan
  }
  return (sum, correct)
}

/// How many classes come before the label's in the order of falling logits, equal ones in the order of the classes. Where a
/// logit is no number, all do.
///
/// - Parameter isCounted: whether a class is one of those to be told apart.
public func placeOfLabel(_ label: Int, in logits: Vector, among isCounted: (Int) -> Bool = { _ in true }) -> Int {
  let own = logits[label]
  var place = 0
  for index in 0..<logits.count where isCounted(index) {
    if logits[index].isNaN { return logits.count }
    if logits[index] > own || logits[index] == own && index < label { place += 1 }
  }
  return place
}
