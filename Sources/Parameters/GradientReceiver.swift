import Compute

/// Where backward puts the gradient of one layer group at a time.
///
/// The model asks for memory, fills it wholly, and says so; then the memory is the receiver's. So nobody holds a
/// gradient of the whole model, and a group can be reduced while the ones before it are still being computed.
public protocol GradientReceiver {
  /// Memory for the gradient of `group`, an index of `ParameterTable.groups`. What it held does not matter.
  func memory(for group: Int) -> Vector
  /// All of `group` has been written. Groups finish from the last of the table to the first.
  func finished(group: Int)
}

/// The groups of a table on their way to a receiver.
public struct GroupGradients {
  private let table: ParameterTable
  private let receiver: any GradientReceiver

  public init(of table: ParameterTable, to receiver: any GradientReceiver) {
    self.table = table
    self.receiver = receiver
  }

  /// Has `write` fill the receiver's memory for `group`, sets the gaps between its tensors to zero, and hands it over.
  public func write(_ group: Int, _ write: (ArenaWindow) -> Void) {
    let window = ArenaWindow(receiver.memory(for: group), start: table.groups[group].range.lowerBound)
    write(window)
    for gap in table.groups[group].gaps { clear(window[gap]) }
    receiver.finished(group: group)
  }
}
