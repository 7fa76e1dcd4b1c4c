import Collectives
import Foundation

// Checks that run on several ranks; CollectivesTests starts them. By hand:
//   mpirun -np P collectives-check sums|bf16 [WHOLE_VECTOR_FLOATS SEGMENT_FLOATS SEGMENTS_ON_THE_WAY]
//   mpirun -np P collectives-check time FLOATS [WHOLE_VECTOR_FLOATS SEGMENT_FLOATS SEGMENTS_ON_THE_WAY]
//   mpirun -np P collectives-check bytes|exchange|unequal|unequal-exchange|abort|settings

let name = CommandLine.arguments.dropFirst().first ?? ""
var numbers = CommandLine.arguments.dropFirst(2).compactMap { Int($0) }
let floatCount = name == "time" && !numbers.isEmpty ? numbers.removeFirst() : 0

let communicator: any Communicator
do {
  let tuning =
    numbers.count == 3
    ? AllreduceTuning(wholeVectorFloats: numbers[0], segmentFloats: numbers[1], segmentsOnTheWay: numbers[2])
    : AllreduceTuning()
  communicator = try makeCommunicator(environment: ProcessInfo.processInfo.environment, tuning: tuning)
} catch {
  FileHandle.standardError.write(Data("\(error)\n".utf8))
  exit(2)
}

do {
  switch name {
  case "sums": try checkSums(communicator)
  case "bf16": try checkBFloat16(communicator)
  case "bytes": try checkBytes(communicator)
  case "exchange": try checkExchange(communicator)
  case "unequal": try provokeUnequalLengths(communicator)
  case "unequal-exchange": try provokeUnequalLengthsInExchange(communicator)
  case "abort": try abortOnOneRank(communicator)
  case "settings": try printSettings(communicator)
  case "time": try timeAllreduce(communicator, floatCount: floatCount)
  default: throw CheckFailure("no check is called '\(name)'")
  }
  try communicator.finalize()
} catch {
  FileHandle.standardError.write(Data("rank \(communicator.rank): \(error)\n".utf8))
  communicator.abort(code: 1)
}
