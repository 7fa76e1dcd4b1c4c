import Compute
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
    }

    @Test(arguments: Change.allCases) func everythingInItCounts(change: Change) throws {
      let bench = try Workbench()
      let whole = try bench.train("whole", ["train.steps=12"])
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
      }
      saved.state.epoch = Double(saved.state.step) / Double(bench.stepsPerEpoch)
      try saved.save(to: "\(bench.path)/tampered")
      let result = try bench.train("tampered", ["train.steps=12"])
      #expect((result.checkpoint == whole.checkpoint) == (change == .nothing))
    }
  }
}
