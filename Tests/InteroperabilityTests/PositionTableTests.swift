import Checkpoints
import Foundation
import Interoperability
import MPILaunch
import MaskedAutoencoder
import Pretraining
import Safetensors
import Testing
import Training

/// Tables that others trained with: resampled for another grid, kept in checkpoints, and used when training goes on.
@Suite struct PositionTableTests {
  private func encoderTable(_ overrides: [String]) throws -> (table: [Float], notes: [String]) {
    let imported = try TrainedModel.importing(fixture("hf"), overrides: overrides)
    return (imported.model.model.positions.encoder, imported.notes)
  }

  /// Against torch's antialiased bicubic interpolation, as timm calls it. Both add a few products of floats: a few
  /// units in the last place of values around 1.
  @Test(arguments: [[7, 7], [2, 3], [5, 4], [3, 9]]) func resamplesAsTorchDoes(grid: [Int]) throws {
    let (table, notes) = try encoderTable(["model.image_size=[\(grid[0] * 7), \(grid[1] * 7)]"])
    let expected = try SafetensorsFile(path: fixture("bicubic.safetensors")).floats(of: "\(grid[0])x\(grid[1])")
    #expect(table.count == expected.count)
    #expect(zip(table, expected).map { abs($0 - $1) }.max() ?? 1 <= 1e-6)
    #expect(notes.contains { $0.contains("interpolated") })
  }

  @Test func areKeptAsTheyAreOnTheSameGrid() throws {
    let (table, notes) = try encoderTable([])
    #expect(
      try table
        == SafetensorsFile(path: fixture("hf/model.safetensors")).floats(of: "vit.embeddings.position_embeddings"))
    #expect(!notes.contains { $0.contains("interpolated") })
  }

  @Test func areStoredOnlyWhereTheyAreNotComputed() throws {
    let folder = try TemporaryFolder()
    let imported = try TrainedModel.importing(fixture("hf")).model
    try imported.saveRun(to: folder("imported"))
    let plain = TrainedModel(
      MaskedAutoencoder(imported.configuration.model), configuration: imported.configuration,
      parameters: .init(repeating: 0, count: imported.model.table.arenaCount), step: 0)
    try plain.saveRun(to: folder("plain"))
    #expect(try Checkpoint.open(folder("imported")).constants != nil)
    #expect(try Checkpoint.open(folder("plain")).constants == nil)
    #expect(try TrainedModel(checkpoint: folder("imported")).model.positions == imported.model.positions)
  }

  /// A run that begins with imported weights keeps their tables from checkpoint to checkpoint.
  @Test(.timeLimit(.minutes(2))) func outliveTraining() throws {
    let folder = try TemporaryFolder()
    let mae = try MPILaunch.builtProgram("mae")
    let run = folder("run")
    let recipe = ["train.batch_size=4", "train.epochs=1", "train.warmup_epochs=0", "data.path=\(fixture("images"))"]
    let begun = try MPILaunch.run(
      mae, ["import", "--from", fixture("hf"), "--output", run] + recipe.flatMap { ["--set", $0] }, ranks: nil)
    try #require(begun.exitCode == 0, "\(begun.errorOutput)")
    let trained = try MPILaunch.run(
      mae, ["pretrain", "--config", "\(run)/config.yaml", "--run-dir", run], ranks: nil)
    try #require(trained.exitCode == 0, "\(trained.errorOutput)")
    let (before, after) = (
      try TrainedModel(checkpoint: "\(run)/checkpoints/step-00000000"), try TrainedModel(checkpoint: run)
    )
    #expect(after.step == 2)
    #expect(after.model.positions == before.model.positions)
    #expect(after.model.positions != PositionTables(sineCosineOf: after.configuration.model))
    #expect(after.parameters.all.array != before.parameters.all.array)
  }
}
