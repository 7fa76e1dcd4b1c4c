import Compute

/// What the classifier is to say of each image: its label's class and, where images are mixed, its partner's, with a part of
/// all taken away and spread evenly over the classes (label smoothing, Szegedy et al. 2016).
///
/// - Parameters:
///   - output: [images, classes], overwritten; every row adds up to 1.
///   - labels: [images].
///   - smoothing: the part that is spread, within 0…1.
///   - mixture: how the images were mixed.
public func softTargets(
  output: Matrix, labels: VectorView<Int>, smoothing: Double, mixture: ImageMixture = .none
) {
  precondition(labels.count == output.rows, "a label for each image")
  precondition((0...1).contains(smoothing), "a part of the target is spread over the classes")
  let spread = smoothing / Double(output.columns)
  let (off, on) = (Float(spread), Float(1 - smoothing + spread))
  let (own, others) = (Float(mixture.weight), Float(1 - mixture.weight))
  for image in 0..<output.rows {
    let (label, partner) = (labels[image], labels[output.rows - 1 - image])
    let row = output.row(image)
    for place in 0..<row.count { row[place] = off * own + off * others }
    row[partner] = off * own + on * others
    row[label] = label == partner ? on * own + on * others : on * own + off * others
  }
}
