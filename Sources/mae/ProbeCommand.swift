import ArgumentParser
import Evaluation
import Training

struct ProbeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "probe",
    abstract: "Tell the classes of images by a logistic regression on a checkpoint's features.",
    discussion: """
      Features are taken once and standardised. A regularised multinomial logistic regression is brought to its optimum \
      for a range of strengths, of which the best on a held-out tenth of the train set is taken, and then on all of it. \
      Alone or under mpirun, with the same bits. The paper's linear probe is another: mae finetune with a \
      configs/probe_*.yaml and --init-from.

      Example: mae probe --checkpoint runs/a --train /data/train --test /data/val --baselines
      """)

  @OptionGroup var options: EvaluationOptions

  @Option(
    name: .customLong("strength"), parsing: .singleValue,
    help: ArgumentHelp(
      "Of the regularisation: half of it times the weights' squares is added to the mean loss of an image; may be given many times; 1 to 3e-6 unless given.",
      valueName: "NUMBER"))
  var strengths: [Double] = []

  func validate() throws {
    if let wrong = strengths.first(where: { !(1e-12...1e12).contains($0) }) {
      throw ValidationError("--strength is \(wrong); it must lie between 1e-12 and 1e12.")
    }
  }

  func run() throws {
    withCommunicator { communicator in
      let evaluation = try LabelledEvaluation(options, communicator)
      let regressionOptions =
        strengths.isEmpty ? LogisticRegressionOptions() : LogisticRegressionOptions(strengths: Array(Set(strengths)))
      var rows: [EvaluationResult.Row] = []
      var notes: [String] = []
      var main: (sets: (train: FeatureSet, test: FeatureSet), classes: ClassMatch)?
      for kind in evaluation.kinds {
        let (sets, classes) = try evaluation.features(kind)
        let start = ContinuousClock.now
        let result = try LogisticRegressionEvaluation(
          sets, classes: classes, options: regressionOptions, pool: evaluation.pool, communicator: communicator)
        evaluation.note("\(kind.name): logistic regressions on \(sets.train.count) images", since: start)
        notes += result.notes.map { "\(kind.name): \($0)" }
        rows.append(
          EvaluationResult.Row(
            features: kind.name, setting: ("strength", .rounded(result.regression.strength)),
            report: result.report))
        main = main ?? (sets, classes)
      }
      guard let main else { preconditionFailure("the encoder's own features were classified") }
      if evaluation.data.isLeaveOneOut {
        notes.append(
          "the test set is the train set: what a regression says of images that it has learned from is no measure")
      }
      let result = EvaluationResult(
        title: "logistic regression", facts: evaluation.facts(main.sets, main.classes, own: []),
        notes: evaluation.notes(main.sets, main.classes) + notes, rows: rows, main: 0)
      try evaluation.show(
        result, name: "probe", settings: [("strength", strengths.isEmpty ? [] : regressionOptions.strengths)])
      return 0
    }
  }
}
