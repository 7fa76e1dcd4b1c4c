import CProcessor

/// The cores that this process may run on: fewer than the machine has where a launcher or a container bound it.
public func availableCores() -> Int { Int(processor_available_cores()) }
