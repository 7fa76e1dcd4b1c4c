import Compute
import Datasets
import Testing

extension ProgramTests {
  /// Tests of the tests: each thing that a checkpoint holds counts, so a resume that forgot one of them would be noticed
  /// by the comparisons of hashes.
  @Suite struct TamperedCheckpoint {
    enum Change: CaseIterable {
      case nothing
      case oneFirstMomentTensorIsZero
      case oneSecondMomentTensorIsZero
      case oneParameterIsOneUnitOff
      case oneStepLater
      case oneStepEarlier
      case dataOneImageLater
    }

    @Test(arguments: Change.allCases) func everythingInItCounts(change: Change) throws {
      let bench = try Workbench()
      var settings = ["train.steps=10"]
      let whole = try bench.train("whole", settings)
      try bench.train("half", ["train.steps=7"])
      let saved = try SavedState(of: "\(bench.path)/half")
      let tensor = try saved.range(of: "blocks.1.attn.proj.weight")
      switch change {
      case .nothing: break
      case .oneFirstMomentTensorIsZero: clear(saved.firstMoment.all[tensor])
      case .oneSecondMomentTensorIsZero: clear(saved.secondMoment.all[tensor])
      case .oneParameterIsOneUnitOff:
        saved.parameters.base[tensor.lowerBound] = saved.parameters.base[tensor.lowerBound].nextUp
      case .oneStepLater: saved.state.step += 1
      case .oneStepEarlier: saved.state.step -= 1
      case .dataOneImageLater: settings.append("data.path=\(try writeImagesOneLater(bench, epoch: 1))")
      }
      saved.state.epoch = Double(saved.state.step) / Double(bench.stepsPerEpoch)
      try saved.save(to: "\(bench.path)/tampered")
      // Other data is another recipe, which a run is asked to go on with here.
      let result = try bench.train("tampered", settings, options: ["--allow-recipe-change"])
      #expect((result.checkpoint == whole.checkpoint) == (change == .nothing))
    }

    /// A data set by which the model sees, at each place of this epoch, the image of the next place: what a resume would
    /// show it that counted one image too many.
    private func writeImagesOneLater(_ bench: Workbench, epoch: Int) throws -> String {
      let images = greyImages(count: 80)
      let batches = try BatchOrder(sampleCount: 80, batchSize: 16, seed: 0)
      let order = (0..<80).map { batches.sample(step: epoch * bench.stepsPerEpoch + $0 / 16, index: $0 % 16) }
      var later = images
      for (sample, next) in zip(order, order.dropFirst()) { later[sample] = images[next] }
      try bench.write(idxFile(images: later), to: "later")
      return "\(bench.path)/later"
    }
  }
}
