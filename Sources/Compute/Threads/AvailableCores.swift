import CProcessor

/// The numbers of the cores that this process may run on: fewer than the machine has where a launcher or a container
/// bound it. At least one.
public func availableCores() -> [Int] {
  let cores = (0..<1024).filter { processor_may_run_on(Int32($0)) != 0 }
  return cores.isEmpty ? [0] : cores
}
