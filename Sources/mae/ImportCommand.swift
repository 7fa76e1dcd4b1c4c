import ArgumentParser
import Classification
import Files
import Interoperability
import Pretraining

struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Make a checkpoint of weights from Hugging Face, timm or the authors.",
    discussion: """
      Takes safetensors only, whole or of the encoder alone. Files of PyTorch's pickle (.pth, .bin) are refused, with \
      the lines of Python that convert them.

      Example: mae import --from vit-mae-base --output runs/imported
      """)

  @Option(
    name: .customLong("from"),
    help: ArgumentHelp("A Hugging Face folder, a timm folder, or a safetensors file.", valueName: "PATH"))
  var source: String

  @Option(name: .long, help: ArgumentHelp("The run directory to make; must not exist.", valueName: "DIR"))
  var output: String

  @Option(
    name: .long,
    help: ArgumentHelp("Interpolate the positions for another image size, N or HEIGHTxWIDTH.", valueName: "SIZE"))
  var imageSize: String?

  @Option(name: .long, help: ArgumentHelp("Adapt the projections to so many channels.", valueName: "N"))
  var channels: Int?

  @Flag(
    name: .long,
    help: "Take the whole classifier, head and all, as mae finetune has it; otherwise the encoder, to pre-train on.")
  var classifier = false

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp(
      "Override a key, for example model.encoder.heads=6; may be given many times.", valueName: "key=value"))
  var overrides: [String] = []

  func run() throws {
    var overrides = overrides
    if let imageSize {
      let sides = imageSize.split(separator: "x", omittingEmptySubsequences: false)
      overrides.append("model.image_size=" + (sides.count == 1 ? imageSize : "[\(sides.joined(separator: ", "))]"))
    }
    if let channels { overrides.append("model.channels=\(channels)") }
    do {
      guard !classifier else { return try importClassifier(overrides) }
      let imported = try TrainedModel.importing(source, overrides: overrides)
      for note in imported.notes { remark("note: \(note)") }
      try imported.model.saveRun(to: output)
      let model = imported.model.model
      remark("\(model.table.specs.count) tensors, \(model.table.parameterCount) values")
      remark("wrote \(escaped(output))")
    } catch {
      fail(error)
    }
  }

  private func importClassifier(_ overrides: [String]) throws(InteroperabilityError) {
    let imported = try TrainedClassifier.importing(source, overrides: overrides)
    for note in imported.notes { remark("note: \(note)") }
    try imported.classifier.saveRun(to: output)
    let classes = imported.classifier.configuration.model.classes
    remark("\(classes) classes" + (imported.classifier.classNames.isEmpty ? ", whose names are not known" : ""))
    remark("wrote \(escaped(output))")
  }
}
