import Collectives
import Foundation

// What a training step must not do to memory; TrainingTests starts it. By hand:
//   step-check allocations|faults fp32|bf16 none|mlp|block THREADS whole|sharded
//   mpirun -np P step-check …

do {
  let communicator = try makeCommunicator(environment: ProcessInfo.processInfo.environment)
  do {
    let arguments = Array(CommandLine.arguments.dropFirst())
    let settings = Array(arguments.dropFirst())
    switch arguments.first {
    case "allocations": try checkAllocations(settings, communicator)
    case "faults": try checkPageFaults(settings, communicator)
    default: throw CheckFailure("the first argument is allocations or faults")
    }
    try communicator.finalize()
  } catch {
    FileHandle.standardError.write(Data("rank \(communicator.rank): \(error)\n".utf8))
    communicator.abort(code: 1)
  }
} catch {
  FileHandle.standardError.write(Data("\(error)\n".utf8))
  exit(2)
}
