import ArgumentParser
import Checkpoints
import Classification
import Compute
import Files
import Interoperability
import Pretraining

struct ParityCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "parity",
    abstract: "Write losses, predictions, gradients and steps of a model, to hold them against another implementation.",
    discussion: """
      In: pixel_values [B,C,H,W] and noise [B,L], or [N,B,L] for N steps. Out: loss, pred, mask, latent and grad.NAME; \
      with --steps also losses and weight.NAME after AdamW steps at the constant rate train.base_learning_rate. Names \
      and shapes are those of transformers' ViTMAEForPreTraining on disk.

      Of a run of mae finetune: in pixel_values and maybe labels [B]; out logits [B,classes] and, with labels, loss and \
      grad.NAME.

      Example: mae parity --model exported --batch batch.safetensors --output ours.safetensors
      """)

  @Option(
    name: .long, help: ArgumentHelp("A Hugging Face or timm folder, a run directory or a checkpoint.", valueName: "DIR")
  )
  var model: String

  @Option(name: .long, help: ArgumentHelp("The input.", valueName: "FILE.safetensors"))
  var batch: String

  @Option(name: .long, help: ArgumentHelp("The file to write; must not exist.", valueName: "FILE.safetensors"))
  var output: String

  @Option(name: .long, help: ArgumentHelp("Take so many optimiser steps.", valueName: "N"))
  var steps: Int?

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp("Override a key, for example train.base_learning_rate=1e-3.", valueName: "key=value"))
  var overrides: [String] = []

  func validate() throws {
    if let steps, !(1...1_000_000).contains(steps) {
      throw ValidationError("--steps is \(steps); ask for 1 to 1000000 steps.")
    }
  }

  func run() throws {
    do {
      try Precision.fp32.openProducts()
      if let checkpoint = try? Checkpoint.open(model), checkpoint.state.task == ImageClassification.name {
        return try compareClassifier(checkpoint)
      }
      let opened = try TrainedModel.openAny(model, overrides: overrides)
      for note in opened.notes { remark("note: \(note)") }
      try opened.model.writeParity(batch: batch, steps: steps, to: output)
      remark("wrote \(escaped(output))")
    } catch {
      fail(error)
    }
  }

  private func compareClassifier(_ checkpoint: Checkpoint) throws {
    guard steps == nil, overrides.isEmpty else {
      fail(
        "--steps and --set are for masked autoencoders, and \(escaped(model)) is a classifier; leave them away.",
        code: 2)
    }
    try TrainedClassifier(checkpoint).writeParity(batch: batch, to: output)
    remark("wrote \(escaped(output))")
  }
}
