import ArgumentParser
import CProcessor
import Files
import Foundation
import Training

/// Masked autoencoders, pre-trained on CPU clusters: the same bits on any number of threads and ranks.
@main
struct Mae: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mae",
    abstract:
      "Pre-trains masked autoencoders on CPU clusters, with the same bits on any number of threads and power-of-two ranks.",
    version: programDescription,
    subcommands: [
      PretrainCommand.self, FinetuneCommand.self, ReconstructCommand.self, KNNCommand.self, ProbeCommand.self,
      InspectCommand.self, ConfigCommand.self, ImportCommand.self, ExportCommand.self, ParityCommand.self,
      EmbedCommand.self, ReportCommand.self, RunsCommand.self, DataCommand.self, PackCommand.self,
      BenchCommand.self, PlanCommand.self, DoctorCommand.self, BLASTrialCommand.self, ExchangeTrialCommand.self,
    ])

  static func main() {
    StandardStream.prepareProcess()
    if let missing = processor_lacks(UInt32(PROCESSOR_BUILT_FOR)) {
      fail(
        "this program was built for a CPU with \(String(cString: missing)), which this one lacks; build it here, or "
          + "with MAE_CPU set to what all nodes have, for example MAE_CPU=x86-64-v3.", code: 1)
    }
    let mistake = CommandLineMistake(commandLine())
    if let sentence = mistake.hidden { refuse(sentence) }
    do {
      var command = try parseAsRoot(commandLine())
      try command.run()
    } catch let code as ExitCode {
      Foundation.exit(code.rawValue)
    } catch {
      let isHelp = exitCode(for: error).isSuccess
      if !isHelp, let sentence = mistake.refused { refuse(sentence) }
      // Under mpirun every rank mostly reads the same command line: one of them speaks, and none leaves before it has.
      let refusal = StartStatement.Refusal(
        isHelp ? "it was asked for help and the others were not." : message(for: error), isUsage: true)
      withCommunicator(told: .commandLine(refusal: refusal)) { communicator in
        let text = fullMessage(for: error)
        if communicator.rank == 0 { isHelp ? print(text) : say(text) }
        return isHelp ? 0 : 2
      }
    }
  }
}

/// Ends all ranks with what is wrong with the command line.
private func refuse(_ sentence: String) -> Never {
  withCommunicator(told: .commandLine(refusal: StartStatement.Refusal(sentence, isUsage: true))) { communicator in
    if communicator.rank == 0 { say(sentence) }
    return 2
  }
}
