import Compute

/// The sum over ranks, in our own order of additions (see `Communicator.allreduceSum`), on point-to-point messages
/// only: `MPI_Allreduce` chooses its algorithm, and with it the bits, by version, tuning file and message size.
extension MPICommunicator {
  /// Recursive doubling: in each step partners exchange all they have. The additions are those of `sumHalves`.
  func sumWhole(_ vector: Vector) throws(CommunicatorError) {
    let schedule = HalvingSchedule(count: vector.count, rank: rank, size: size)
    try fold(vector, schedule)
    if schedule.isInCore {
      for step in 0..<schedule.stepCount {
        let partner = schedule.partner(step: step)
        let other = Vector(base: received.base, count: vector.count)
        try exchange(send: vector, receive: other, with: partner)
        addInRankOrder(vector, other, from: partner)
      }
    }
    try unfold(vector, schedule)
  }

  /// Recursive halving: in each step a rank sums one half of what it held and gives the other half away.
  func sumHalves(_ vector: Vector) throws(CommunicatorError) {
    let schedule = HalvingSchedule(count: vector.count, rank: rank, size: size)
    try fold(vector, schedule)
    guard schedule.isInCore else { return }
    for step in 0..<schedule.stepCount {
      try exchangeAndSum(
        send: vector[schedule.given(step: step)], sum: vector[schedule.held(afterSteps: step + 1)],
        with: schedule.partner(step: step))
    }
  }

  /// The way back: in each step partners exchange what they hold, and hold twice as much.
  func spread(_ vector: Vector) throws(CommunicatorError) {
    let schedule = HalvingSchedule(count: vector.count, rank: rank, size: size)
    if schedule.isInCore {
      for step in (0..<schedule.stepCount).reversed() {
        try exchange(
          send: vector[schedule.held(afterSteps: step + 1)], receive: vector[schedule.given(step: step)],
          with: schedule.partner(step: step))
      }
    }
    try unfold(vector, schedule)
  }

  /// Each rank beyond the core is added to the core rank that stands for it.
  private func fold(_ vector: Vector, _ schedule: HalvingSchedule) throws(CommunicatorError) {
    guard let partner = schedule.foldPartner else { return }
    let nothing = vector[0..<0]
    try exchangeAndSum(
      send: schedule.isInCore ? nothing : vector, sum: schedule.isInCore ? vector : nothing, with: partner)
  }

  /// Each rank beyond the core receives the sum.
  private func unfold(_ vector: Vector, _ schedule: HalvingSchedule) throws(CommunicatorError) {
    guard let partner = schedule.foldPartner else { return }
    let nothing = vector[0..<0]
    try exchange(
      send: schedule.isInCore ? vector : nothing, receive: schedule.isInCore ? nothing : vector, with: partner)
  }
}
