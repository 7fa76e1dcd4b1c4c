import ArgumentParser
import Evaluation
import Training

struct KNNCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "knn",
    abstract: "Tell the classes of images by their nearest neighbours among a checkpoint's features.",
    discussion: """
      Cosine k-NN: the k nearest images of the train set vote, each with the weight e^(cosine / temperature). Nothing is \
      trained. Alone or under mpirun, with the same bits.

      Example: mae knn --checkpoint runs/a --train /data/train --test /data/val --baselines
      """)

  @OptionGroup var options: EvaluationOptions

  @Option(
    name: .customShort("k"), parsing: .singleValue,
    help: ArgumentHelp(
      "How many neighbours vote; may be given many times; 10, 20, 100 and 200 unless given.", valueName: "N"))
  var counts: [Int] = []

  @Option(name: .long, help: "Of the votes' weights.")
  var temperature = NearestNeighborOptions().temperature

  func validate() throws {
    if let wrong = counts.first(where: { !(1...100_000).contains($0) }) {
      throw ValidationError("-k is \(wrong); ask for 1 to 100000 neighbours.")
    }
    guard temperature >= 1e-6, temperature <= 1e6 else {
      throw ValidationError("--temperature is \(temperature); it must lie between 1e-6 and 1e6.")
    }
  }

  func run() throws {
    withCommunicator { communicator in
      let evaluation = try LabelledEvaluation(options, communicator)
      try communicator.together {
        _ = try neighborCounts(images: evaluation.data.train.count, evaluation)
      }
      var rows: [EvaluationResult.Row] = []
      var main: (sets: (train: FeatureSet, test: FeatureSet), classes: ClassMatch)?
      for kind in evaluation.kinds {
        let (sets, classes) = try evaluation.features(kind)
        let counts = try communicator.together { try neighborCounts(images: sets.train.count, evaluation) }
        let start = ContinuousClock.now
        let result = try NearestNeighborEvaluation(
          evaluation.data, sets, classes: classes,
          options: NearestNeighborOptions(counts: counts, temperature: temperature), pool: evaluation.pool,
          communicator: communicator)
        evaluation.note("\(kind.name): neighbours of \(sets.test.count) images", since: start)
        rows += result.reports.map {
          EvaluationResult.Row(features: kind.name, setting: ("k", .count($0.k)), report: $0.report)
        }
        main = main ?? (sets, classes)
      }
      guard let main else { preconditionFailure("the encoder's own features were classified") }
      let notes =
        evaluation.data.isLeaveOneOut
        ? ["the test set is the train set: each image is judged by all others, and not by itself"] : []
      let result = EvaluationResult(
        title: "k-NN", facts: evaluation.facts(main.sets, main.classes, own: [("temperature", .number(temperature))]),
        notes: evaluation.notes(main.sets, main.classes) + notes, rows: rows, main: mainRow(of: rows))
      let usual = NearestNeighborOptions()
      try evaluation.show(
        result, name: "knn",
        settings: [
          ("k", counts.isEmpty ? [] : Set(counts).sorted().map { Double($0) }),
          ("temperature", temperature == usual.temperature ? [] : [temperature]),
        ])
      return 0
    }
  }

  private func neighborCounts(images: Int, _ evaluation: LabelledEvaluation) throws(LabelError) -> [Int] {
    try NearestNeighborEvaluation.counts(
      counts.isEmpty ? NearestNeighborOptions.usualCounts : counts, isChosen: !counts.isEmpty, images: images,
      isLeaveOneOut: evaluation.data.isLeaveOneOut)
  }

  /// The number of neighbours that is shown in full: 20, which mostly is the best and is not chosen by the test set, or the
  /// first of others.
  private func mainRow(of rows: [EvaluationResult.Row]) -> Int {
    rows.firstIndex { $0.features == rows[0].features && $0.setting.value == .count(20) } ?? 0
  }
}
