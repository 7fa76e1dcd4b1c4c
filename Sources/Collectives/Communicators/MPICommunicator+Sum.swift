import Compute

/// The sum over ranks, in our own order of additions (see `Communicator.allreduceSum`), on point-to-point messages
/// only: `MPI_Allreduce` chooses its algorithm, and with it the bits, by version, tuning file and message size.
extension MPICommunicator {
  /// Recursive doubling: in each step partners exchange all they have. The additions are those of `sumHalves`.
  func sumWhole(_ vector: Vector, wire: GradientWire) throws(CommunicatorError) {
    let schedule = HalvingSchedule(count: vector.count, rank: rank, size: size, alignment: 1)
    try fold(vector, schedule, wire)
    if schedule.isInCore {
      for step in 0..<schedule.stepCount {
        try exchange(send: vector, receive: vector, .add, with: schedule.partner(step: step), wire: wire)
      }
      finishSum(vector, wire)
    }
    try unfold(vector, schedule, wire)
  }

  /// Recursive halving: in each step a rank sums one half of what it held and gives the other half away.
  func sumHalves(_ vector: Vector, _ schedule: HalvingSchedule, wire: GradientWire) throws(CommunicatorError) {
    try fold(vector, schedule, wire)
    guard schedule.isInCore else { return }
    for step in 0..<schedule.stepCount {
      try exchange(
        send: vector[schedule.given(step: step)], receive: vector[schedule.held(afterSteps: step + 1)], .add,
        with: schedule.partner(step: step), wire: wire)
    }
    finishSum(vector[schedule.owned], wire)
  }

  /// The way back: in each step partners exchange what they hold, and hold twice as much.
  func spread(_ vector: Vector, _ schedule: HalvingSchedule, wire: GradientWire) throws(CommunicatorError) {
    if schedule.isInCore {
      for step in (0..<schedule.stepCount).reversed() {
        try exchange(
          send: vector[schedule.held(afterSteps: step + 1)], receive: vector[schedule.given(step: step)], .replace,
          with: schedule.partner(step: step), wire: wire)
      }
    }
    try unfold(vector, schedule, wire)
  }

  /// Whoever has a total keeps what it can pass on exactly.
  private func finishSum(_ total: Vector, _ wire: GradientWire) {
    if wire == .bf16, size > 1 { roundToBFloat16(total) }
  }

  /// Each rank beyond the core is added to the core rank that stands for it.
  private func fold(_ vector: Vector, _ schedule: HalvingSchedule, _ wire: GradientWire) throws(CommunicatorError) {
    guard let partner = schedule.foldPartner else { return }
    let nothing = vector[0..<0]
    try exchange(
      send: schedule.isInCore ? nothing : vector, receive: schedule.isInCore ? vector : nothing, .add, with: partner,
      wire: wire)
  }

  /// Each rank beyond the core receives the sum.
  private func unfold(_ vector: Vector, _ schedule: HalvingSchedule, _ wire: GradientWire) throws(CommunicatorError) {
    guard let partner = schedule.foldPartner else { return }
    let nothing = vector[0..<0]
    try exchange(
      send: schedule.isInCore ? vector : nothing, receive: schedule.isInCore ? nothing : vector, .replace,
      with: partner, wire: wire)
  }
}
