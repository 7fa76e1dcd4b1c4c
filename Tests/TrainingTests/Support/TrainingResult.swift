import Testing

/// All of a run that must not depend on threads, ranks and interruptions.
struct TrainingResult: Equatable {
  let checkpoint: Inspection
  let log: RunLog
}

/// What `mae inspect` says.
struct Inspection: Equatable {
  let step: Int
  let parameters: String
  let optimizer: String

  init(_ output: String) throws {
    func value(_ name: String) throws -> String {
      let lines = output.split(separator: "\n").filter { $0.hasPrefix("\(name): ") }
      try #require(lines.count == 1, "\(lines.count) lines \"\(name):\" in \(output)")
      return String(lines[0].dropFirst(name.count + 2))
    }
    step = try #require(try Int(value("step")))
    parameters = try value("parameters")
    optimizer = try value("optimizer")
    try #require(parameters.count == 32 && optimizer.count == 32 && parameters != optimizer, "\(output)")
  }
}

/// The lines of a run's log that say what was computed, numbers as they are written: the shortest text of a double, so
/// that equal texts are equal bits.
struct RunLog: Equatable {
  struct Step: Equatable {
    let step: Int
    let loss: String
    let learningRate: String
    let gradientNorm: String
    /// Of a task that reports one.
    let accuracy: String
  }

  struct Epoch: Equatable {
    let epoch: Int
    let meanLoss: String
    let meanAccuracy: String
    /// Of a task that is tried on other images.
    let validationLoss: String
    let validationAccuracy: String
    /// Of a run that keeps an average of its weights.
    let averageLoss: String
    let averageAccuracy: String
  }

  struct BadSample: Equatable {
    let step: Int
    let reason: String
  }

  let steps: [Step]
  let epochs: [Epoch]
  let badSamples: [BadSample]

  var lastStep: Int { steps.last?.step ?? 0 }

  init(_ text: String) {
    let lines = text.split(separator: "\n").map(String.init)
    func written(_ event: String) -> [String] { lines.filter { $0.contains("\"event\":\"\(event)\"") } }
    func number(_ key: String, _ line: String) -> String {
      guard let start = line.range(of: "\"\(key)\":")?.upperBound else { return "missing" }
      return String(line[start...].prefix { $0 != "," && $0 != "}" })
    }
    steps = written("step").map { line in
      Step(
        step: Int(number("step", line)) ?? -1, loss: number("loss", line),
        learningRate: number("learning_rate", line), gradientNorm: number("gradient_norm", line),
        accuracy: number("accuracy", line))
    }
    epochs = written("epoch").map { line in
      Epoch(
        epoch: Int(number("epoch", line)) ?? -1, meanLoss: number("mean_loss", line),
        meanAccuracy: number("mean_accuracy", line), validationLoss: number("validation_loss", line),
        validationAccuracy: number("validation_accuracy", line), averageLoss: number("validation_ema_loss", line),
        averageAccuracy: number("validation_ema_accuracy", line))
    }
    badSamples = written("bad_sample").map { line in
      BadSample(step: Int(number("step", line)) ?? -1, reason: number("reason", line))
    }
  }
}
