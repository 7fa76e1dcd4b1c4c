import Datasets
import Evaluation
import Reporting

/// What a classifier makes of an image.
struct ImageOutcome: Sendable {
  /// −log p of its class.
  let loss: Double
  /// In the places of `ValidationClasses.choices`; nil where a logit is no finite number.
  let answer: ClassAnswer?

  // MARK: As numbers, to be sent

  static let numberCount = 2 + ClassAnswer.numberCount

  var numbers: [Double] {
    [loss, answer == nil ? 0 : 1] + (answer?.numbers ?? Array(repeating: 0, count: ClassAnswer.numberCount))
  }

  init(loss: Double, answer: ClassAnswer?) { (self.loss, self.answer) = (loss, answer) }

  init(numbers: ArraySlice<Double>) {
    loss = numbers[numbers.startIndex]
    answer = numbers[numbers.startIndex + 1] == 1 ? ClassAnswer(numbers: numbers.dropFirst(2)) : nil
  }
}

/// What a classifier came to on all images that could be used.
struct ValidationResult {
  /// The mean over the images; no number where it is none of one of them.
  let loss: Double
  /// The share of images whose class has the largest logit. Where a logit is no finite number, it has not.
  let accuracy: Double
  /// The share of images whose class is among the five most likely; nil where there are no more than five classes.
  let topFiveAccuracy: Double?
  /// Nil where an image has no answer.
  let report: ClassificationReport?
  let imageCount: Int
  /// Images that could not be used.
  let leftOut: Int

  /// - Parameter outcomes: of each image, in order; nil where it cannot be used. One can be.
  init(_ outcomes: [ImageOutcome?], of source: any ImageSource, classes: ValidationClasses) {
    let images = outcomes.indices.filter { outcomes[$0] != nil }
    let used = outcomes.compactMap(\.self)
    let labels = images.map { image -> Int in
      guard let label = source.label(of: image), let place = classes.places[label] else {
        preconditionFailure("the data was checked to have labels")
      }
      return place
    }
    let count = Double(used.count)
    func share(_ isRight: (ClassAnswer, _ label: Int) -> Bool) -> Double {
      Double(zip(used, labels).count { outcome, label in outcome.answer.map { isRight($0, label) } ?? false }) / count
    }
    loss = used.reduce(0) { $0 + $1.loss } / count
    accuracy = share { $0.first == $1 }
    topFiveAccuracy =
      classes.names.count > ClassAnswer.mostClasses ? share { $0.classes.contains($1) } : nil
    let answers = used.compactMap(\.answer)
    report =
      answers.count < used.count
      ? nil
      : ClassificationReport(
        classNames: classes.names, labels: labels, answers: answers, imageName: { source.name(of: images[$0]) })
    imageCount = used.count
    leftOut = outcomes.count - used.count
  }
}

extension ValidationResult {
  /// Its figures, as the log has them.
  func metrics(prefix: String) -> [MetricValue] {
    func value(_ name: String, _ value: Double) -> MetricValue { MetricValue(Metric(name: "\(prefix)_\(name)"), value) }
    return [value("loss", loss), value("accuracy", accuracy)]
      + (topFiveAccuracy.map { [value("top_5_accuracy", $0)] } ?? [])
  }
}

/// Of the weights as they were trained, and of their moving average, where there is one.
struct ValidationResults {
  let trained: ValidationResult
  let average: ValidationResult?
}
