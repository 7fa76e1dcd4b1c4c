import ArgumentParser
import Checkpoints
import Classification
import Files
import Foundation
import Interoperability
import Pretraining
import Reporting
import Training

extension ModelFormat: ExpressibleByArgument {}

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Hand a checkpoint on to transformers, timm or the authors' code.",
    discussion: """
      Writes model.safetensors, config.json, preprocessor_config.json and a model card, README.md. A run of mae finetune \
      becomes a classifier with the names of its classes: for hf where it classifies by the cls token, for timm always.

      Example: mae export --checkpoint runs/base --format hf --output base-hf
      """)

  @Option(
    name: .long, help: ArgumentHelp("A run directory (its newest valid checkpoint) or a checkpoint.", valueName: "PATH")
  )
  var checkpoint: String

  @Option(name: .long, help: "hf: transformers; timm: the encoder for timm; facebook: the authors' names.")
  var format: ModelFormat

  @Option(name: .long, help: ArgumentHelp("The folder to make; must not exist.", valueName: "DIR"))
  var output: String

  @Flag(name: .long, help: "Leave out the decoder; for hf, a folder of ViTModel's.")
  var encoderOnly = false

  @OptionGroup var average: AverageOption

  func run() throws {
    do {
      let opened = try Checkpoint.open(checkpoint)
      if opened.state.task == ImageClassification.name { return try exportClassifier(opened) }
      guard !average.isTaken else { throw ClassificationError.noAverage(path: opened.path) }
      let model = try TrainedModel(opened)
      var options = ExportOptions(format: format, encoderOnly: encoderOnly)
      options.log = log
      for limit in try model.export(to: output, options) { remark("note: \(limit)") }
      remark("wrote step \(model.step) to \(escaped(output))")
    } catch {
      fail(error)
    }
  }

  private func exportClassifier(_ opened: Checkpoint) throws {
    guard !encoderOnly else {
      fail("--encoder-only leaves out a decoder, and a classifier has none; leave the option away.", code: 2)
    }
    let ema = average.isTaken
    let classifier = try TrainedClassifier(opened, average: ema)
    for limit in try classifier.export(to: output, format: format, log: log) { remark("note: \(limit)") }
    if opened.hasAverage, !ema {
      remark("note: these are the weights as they were trained; their moving average is taken with --ema")
    }
    remark(
      "wrote the classifier of step \(classifier.step)\(ema ? ", the average of its weights," : "") to \(escaped(output))"
    )
  }

  /// Of the run that the checkpoint belongs to; empty when it was taken out of its run directory.
  private var log: [LogLine] {
    var folder = URL(filePath: checkpoint).standardizedFileURL
    for _ in 0..<3 {
      if let lines = try? TrainingLog.lines(at: RunDirectory(path: folder.path).log) { return lines }
      folder.deleteLastPathComponent()
    }
    return []
  }
}
