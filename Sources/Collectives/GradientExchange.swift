import Compute

/// Sums gradients over the ranks while backward goes on: the one thread that calls MPI for gradients.
///
/// Whoever runs backward submits each finished part, in an order that the parameter table fixes, never timing: all
/// ranks must submit the same parts in the same order. The thread sums them one after another with `allreduceSum` or
/// `reduceScatterSum` (blocking: MPI makes progress only inside its calls, so that a thread inside one is what overlap
/// needs). `finish` ends the step. From the first `submit` to the end of `finish` nobody else may use the communicator; outside that
/// time the thread is idle and control calls (`allgather`, `barrier` …) are free.
///
/// One thread at a time calls `submit` and `finish`. With one rank there is no thread, and nothing is done.
public final class GradientExchange: Sendable {
  /// What every rank has of a part when it is summed.
  public enum Result: Sendable {
    /// All of it.
    case whole
    /// The range that it owns (`Communicator.owned`).
    case ownedParts
  }

  /// What a step's exchange took.
  public struct Times: Equatable, Sendable {
    /// How long `finish` waited: communication that backward did not hide.
    public let waitedSeconds: Double
    /// How long the thread was summing.
    public let busySeconds: Double
  }

  private let queue: ExchangeQueue?

  /// - Parameter row: where what the thread does is recorded while steps are profiled.
  /// - Throws: the thread cannot be started.
  public init(
    communicator: any Communicator, wire: GradientWire = .fp32, result: Result = .whole, row: Trace.Row? = nil
  ) throws(ThreadError) {
    guard communicator.size > 1 else {
      queue = nil
      return
    }
    let queue = ExchangeQueue()
    self.queue = queue
    _ = try SystemThread(for: "the exchange of gradients") {
      queue.run { vector throws(CommunicatorError) in
        let start = row?.now
        defer { row?.add("sum over ranks", since: start, number: vector.count * wire.bytesPerFloat) }
        switch result {
        case .whole: try communicator.allreduceSum(vector, wire: wire)
        case .ownedParts: try communicator.reduceScatterSum(vector, wire: wire)
        }
      }
    }
  }

  deinit {
    queue?.close()
  }

  /// Hands over a part of the gradient: it will be replaced by its sum over all ranks, or by what this
  /// rank owns of it. Until `finish` has returned, its
  /// memory must stay and nobody else may touch it. Returns at once.
  public func submit(_ vector: Vector) {
    queue?.append(vector)
  }

  /// Waits until all that was submitted is summed.
  ///
  /// - Throws: the first error of this step. What was submitted after the part that failed was not summed.
  @discardableResult
  public func finish() throws(CommunicatorError) -> Times {
    guard let queue else { return Times(waitedSeconds: 0, busySeconds: 0) }
    let clock = ContinuousClock()
    let start = clock.now
    let busySeconds = try queue.drain()
    return Times(waitedSeconds: (clock.now - start) / .seconds(1), busySeconds: busySeconds)
  }
}

/// What the two sides share. The vectors' floats belong to the thread while they are in here.
private final class ExchangeQueue: Sendable {
  private struct State {
    var submitted: [Vector] = []
    var doneCount = 0
    var failure: CommunicatorError?
    var busySeconds = 0.0
    var isClosed = false

    /// Whether the thread has something to do.
    var hasWork: Bool { doneCount < submitted.count && failure == nil }
  }

  private let state: Monitor<State>

  init() {
    var state = State()
    state.submitted.reserveCapacity(1024)
    self.state = Monitor(state)
  }

  func append(_ vector: Vector) {
    state.withLock { state in
      state.submitted.append(vector)
      // After an error nothing more is summed before the next step.
      if state.failure != nil { state.doneCount = state.submitted.count }
    }
  }

  func close() {
    state.withLock { $0.isClosed = true }
  }

  /// Waits for all that was submitted and starts anew; returns how long the thread was busy.
  func drain() throws(CommunicatorError) -> Double {
    try state.wait(
      until: { $0.doneCount == $0.submitted.count },
      then: { (state) throws(CommunicatorError) in
        defer {
          state.submitted.removeAll(keepingCapacity: true)
          state.doneCount = 0
          state.failure = nil
          state.busySeconds = 0
        }
        if let failure = state.failure { throw failure }
        return state.busySeconds
      })
  }

  /// The thread's whole life.
  func run(_ sum: (Vector) throws(CommunicatorError) -> Void) {
    let clock = ContinuousClock()
    while let vector = next() {
      let start = clock.now
      var thrown: CommunicatorError?
      do {
        try sum(vector)
      } catch {
        thrown = error
      }
      let seconds = (clock.now - start) / .seconds(1)
      state.withLock { [thrown] state in
        state.busySeconds += seconds
        state.failure = thrown
        state.doneCount = thrown == nil ? state.doneCount + 1 : state.submitted.count
      }
    }
  }

  /// The next vector in order, when there is one; nil in the end.
  private func next() -> Vector? {
    state.wait(until: { $0.hasWork || $0.isClosed }, then: { $0.hasWork ? $0.submitted[$0.doneCount] : nil })
  }
}
