import Compute
import Parameters

/// Softmax regression on an image's normalised values: logits z = x·Wᵀ + b, trained for the cross-entropy of the classes.
package struct LinearClassifier: Sendable {
  package let table: ParameterTable
  private let classes: Int
  private let values: Int
  private let weight: Range<Int>
  private let bias: Range<Int>
  private let group: Int

  package init(_ configuration: LinearClassifierConfiguration) {
    (classes, values) = (configuration.classes, configuration.imageValues)
    var table = ParameterTable()
    weight = table.add(
      "head.weight", shape: [classes, values], initializer: .normal(deviation: 0.01), isDecayed: true)
    bias = table.add("head.bias", shape: [classes], initializer: .zeros, isDecayed: false)
    group = table.endGroup("head", layer: 0)
    self.table = table
  }

  /// - Parameters:
  ///   - parameters: the whole arena.
  ///   - memory: `images` and `labels` hold the input; afterwards `logitGradients` has the gradient of the sum of losses.
  /// - Returns: the sum of the images' losses −log p(label), added up from the first image to the last, and the images
  ///   whose largest logit is that of their class.
  package func forward(parameters: Vector, memory: ClassifierMemory) -> (loss: Double, correct: Int) {
    let logits = memory.logits
    linearForward(output: logits, input: memory.images, weight: matrix(parameters), bias: parameters[bias])
    var correct = 0
    for image in 0..<logits.rows {
      let (row, label) = (logits.row(image), memory.labels[image])
      if largestIndex(row) == label { correct += 1 }
      memory.labelLogits[image] = row[label]
    }
    softmaxForward(
      probabilities: memory.logitGradients, rows: logits, scale: 1, maximum: memory.maxima,
      inverseSum: memory.inverseSums)
    var loss = 0.0
    for image in 0..<logits.rows {
      memory.logitGradients[image, memory.labels[image]] -= 1
      loss += Double(memory.maxima[image]) - Double(memory.labelLogits[image])
      // Of a logit that is no number comes a sum that is none, and there is no logarithm of it.
      let inverse = Double(memory.inverseSums[image])
      loss -= inverse > 0 ? Elementary.log(inverse) : .nan
    }
    return (loss, correct)
  }

  /// The gradient of what `forward` returned: dW = dzᵀ·x, db = the sum of dz's rows.
  package func backward(memory: ClassifierMemory, receiver: some GradientReceiver) {
    GroupGradients(of: table, to: receiver).write(group) { window in
      linearBackward(
        weightGradient: window[weight].reshaped(rows: classes, columns: values), biasGradient: window[bias],
        outputGradient: memory.logitGradients, input: memory.images)
    }
  }

  private func matrix(_ arena: Vector) -> Matrix { arena[weight].reshaped(rows: classes, columns: values) }
}

/// The first index of the largest value; nil where a value is not a number.
private func largestIndex(_ values: Vector) -> Int? {
  var largest = 0
  for index in 0..<values.count {
    if values[index].isNaN { return nil }
    if values[index] > values[largest] { largest = index }
  }
  return largest
}
