/// A run's state in a sentence or two, and in a few numbers.
extension ReportedRun {
  /// `Step 12,400 of 80,000, epoch 12.4 of 80. About 3 h 20 min left at 412 images a second.`
  public var headline: String {
    let steps = "\(Quantity.grouped(history.lastStep)) steps"
    let place =
      history.totalSteps.map { "step \(Quantity.grouped(history.lastStep)) of \(Quantity.grouped($0))" }
      ?? "step \(Quantity.grouped(history.lastStep))"
    let time = history.trainingSeconds > 0 ? " in \(Quantity.duration(history.trainingSeconds)) of training" : ""
    switch state {
    case .empty: return "Nothing has been trained here yet."
    case .running where history.lastStep == 0: return "It has begun; no step is done yet."
    case .running:
      let left = history.secondsLeft.map { "About \(Self.roughly($0)) left" }
      let pace = history.recentImagesPerSecond.map { " at \(Quantity.plain($0)) images a second." } ?? "."
      return "\(Self.capitalised(place))\(epochs). " + (left.map { $0 + pace } ?? "")
    case .finished: return "Done: \(steps)\(epochs)\(time)."
    case .stopped:
      return "Stopped on request after \(place)\(epochs), with a checkpoint. The same command goes on from there."
    case .failed(let reason):
      return "Ended by an error after \(place)\(epochs): \(Self.beginning(of: reason))"
    case .crashed:
      return "No process has this run any more, and none has said why: it was killed, or its machine went down, after "
        + "\(place)\(epochs). The same command goes on from the last checkpoint."
    }
  }

  private var epochs: String {
    guard let epoch = history.lastEpoch else { return "" }
    let done = ProgressFormat.epochs(epoch, shortened: true)
    guard let total = history.totalSteps, let perEpoch = history.stepsPerEpoch, perEpoch > 0 else {
      return ", epoch \(done)"
    }
    return ", epoch \(done) of \(ProgressFormat.epochs(Double(total) / Double(perEpoch), shortened: true))"
  }

  /// A sentence with the names of many images would fill the page; the list of events has all of it.
  private static func beginning(of text: String) -> String {
    guard text.count > 260 else { return text }
    let most = text.prefix(200)
    return "\(most[..<(most.lastIndex(of: " ") ?? most.endIndex)]) … The list of events has the whole sentence."
  }

  private static func roughly(_ seconds: Double) -> String {
    seconds < 59.5 ? "\(Int(max(1, seconds.rounded()))) s" : Quantity.duration(seconds)
  }

  private static func capitalised(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }

  /// Names and values, the most telling first.
  var figures: [(name: String, value: String)] {
    guard history.lastStep > 0 else { return [] }
    var figures: [(String, String)] = []
    func add(_ name: String, _ value: String?) { if let value { figures.append((name, value)) } }
    add("loss, mean of the last tenth", history.steps["loss"]?.recentMean().map(Quantity.loss.words))
    for name in history.evaluationNames where !BaselineName.isBaseline(name) {
      add(Title.of(name), history.epochs[name]?.last.map(Quantity(of: name).words))
    }
    add("images a second", history.recentImagesPerSecond.map(Quantity.plain))
    add("of the time waits for images", history.recentDataShare.map(Quantity.share.words))
    add("of training", history.trainingSeconds > 0 ? Quantity.duration(history.trainingSeconds) : nil)
    add("memory of rank 0, at most", history.steps["resident_mb"]?.highest.map(Quantity.megabytes.words))
    add("of disk for this run", disk.map { Quantity.megabytes.words(Double($0.runBytes) / 1e6) })
    add("of disk left", disk.map { Quantity.megabytes.words(Double($0.freeBytes) / 1e6) })
    return figures
  }
}

extension RunHistory {
  /// The evaluations' numbers, in the order of their names; what an epoch always has is none of them, nor the time that
  /// evaluating took.
  var evaluationNames: [String] {
    epochs.keys.filter { name in
      let isMeanOfSteps = name.hasPrefix("mean_") && steps[String(name.dropFirst(5))] != nil
      return !isMeanOfSteps && !name.hasSuffix("_seconds") && name != EpochRecord.evaluationShareKey
    }.sorted()
  }
}

/// What a list of runs says of one beside its state.
public struct ListedFigures: Sendable {
  public let totalSteps: Int?
  public let epoch: Double?
  /// Over about the last tenth of the steps.
  public let loss: Double?
  /// The share of images whose class the nearest others tell.
  public let knn: Double?
  public let imagesPerSecond: Double?
  public let secondsLeft: Double?
}

extension ReportedRun {
  public var listed: ListedFigures {
    let knn = history.evaluationNames.first { $0.contains("knn") }
    return ListedFigures(
      totalSteps: history.totalSteps, epoch: history.lastEpoch, loss: history.steps["loss"]?.recentMean(),
      knn: knn.flatMap { history.epochs[$0]?.last }, imagesPerSecond: history.recentImagesPerSecond,
      secondsLeft: history.secondsLeft)
  }
}
