import Collectives
import Reporting

extension Communicator {
  /// Makes sure, before any of it is taken, that the hosts have the memory that the ranks need.
  ///
  /// - Parameter placement: of this rank.
  /// - Returns: the bytes that this rank needs.
  /// - Throws: on all ranks, where the ranks of a host need more than it has.
  @discardableResult
  public func requireMemory<Task: TrainingTask>(
    _ task: Task.Type, _ configuration: Task.Configuration, placement: VirtualWorkerPlacement
  ) throws -> Double {
    let machine = MachineMemory.current()
    // Sizes are first estimated: to count them exactly takes tables of the model's size.
    let estimate = configuration.estimatedParameterBytes
    let needed = try together {
      if let machine, estimate > Double(machine.hostBytes) {
        return RequiredMemory(bytes: estimate, largest: ("parameters", estimate))
      }
      return RequiredMemory(TrainingMemory(try Task(configuration, from: nil), placement: placement))
    }
    let all = try allgather([needed.bytes])
    let here = ranksOnThisHost
    let ofHost = here.reduce(0) { $0 + all[$1][0] }
    try together {
      guard let machine else { return }
      if ofHost > Double(machine.hostBytes) {
        throw TrainingError.tooLittleMemory(
          needed: needed, ranks: here.count, host: hostName, hostBytes: ofHost, hasBytes: machine.hostBytes)
      }
      if let limit = machine.processBytes, needed.bytes > Double(limit) {
        throw TrainingError.tooLittleMemory(
          needed: needed, ranks: 1, host: hostName, hostBytes: needed.bytes, hasBytes: limit)
      }
    }
    return needed.bytes
  }
}

/// What a rank takes, and the largest part of it.
public struct RequiredMemory: Sendable {
  public let bytes: Double
  public let largest: (name: String, bytes: Double)

  init(bytes: Double, largest: (name: String, bytes: Double)) {
    self.bytes = bytes
    self.largest = largest
  }

  init(_ memory: TrainingMemory) {
    let largest = memory.parts.max { $0.bytes < $1.bytes }!
    self.init(
      bytes: Double(memory.bytes) + Double(memory.checkpointCopyBytes), largest: (largest.name, Double(largest.bytes)))
  }
}
