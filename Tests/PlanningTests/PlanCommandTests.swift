import Foundation
import MPILaunch
import Testing

/// What `mae plan` does not predict.
@Suite struct PlanCommandTests {
  @Test func aClassifierIsRefusedWithWhatToDo() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path
    let outcome = try MPILaunch.run(
      try MPILaunch.builtProgram("mae"), ["plan", "--config", "\(root)/configs/finetune_tiny32.yaml"], ranks: nil)
    #expect(outcome.exitCode == 2)
    #expect(
      outcome.errorOutput.contains(
        "mae plan predicts runs of mae pretrain only, and this is a configuration of mae finetune: mae config check"),
      "\(outcome.errorOutput)")
  }
}
