import Compute
import Foundation

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

  public init(communicator: any Communicator, wire: GradientWire = .fp32, result: Result = .whole) {
    guard communicator.size > 1 else {
      queue = nil
      return
    }
    let queue = ExchangeQueue()
    self.queue = queue
    let thread = Thread {
      queue.run { vector throws(CommunicatorError) in
        switch result {
        case .whole: try communicator.allreduceSum(vector, wire: wire)
        case .ownedParts: try communicator.reduceScatterSum(vector, wire: wire)
        }
      }
    }
    thread.name = "gradients"
    thread.start()
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

/// What the two sides share; everything is read and written under `condition`, the vectors' floats excepted, which
/// belong to the thread while they are in here.
private final class ExchangeQueue: @unchecked Sendable {
  private let condition = NSCondition()
  private var submitted: [Vector] = []
  private var doneCount = 0
  private var failure: CommunicatorError?
  private var busySeconds = 0.0
  private var isClosed = false

  init() {
    submitted.reserveCapacity(1024)
  }

  func append(_ vector: Vector) {
    condition.withLock {
      submitted.append(vector)
      condition.broadcast()
    }
  }

  func close() {
    condition.withLock {
      isClosed = true
      condition.broadcast()
    }
  }

  /// Waits for all that was submitted and starts anew; returns how long the thread was busy.
  func drain() throws(CommunicatorError) -> Double {
    let outcome: Result<Double, CommunicatorError> = condition.withLock {
      while doneCount < submitted.count {
        condition.wait()
      }
      defer {
        submitted.removeAll(keepingCapacity: true)
        doneCount = 0
        failure = nil
        busySeconds = 0
      }
      return failure.map { .failure($0) } ?? .success(busySeconds)
    }
    return try outcome.get()
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
      condition.withLock {
        busySeconds += seconds
        doneCount += 1
        failure = thrown
        condition.broadcast()
      }
    }
  }

  /// The next vector in order, when there is one; nil in the end. After an error there is none before the next step.
  private func next() -> Vector? {
    condition.withLock {
      while doneCount == submitted.count || failure != nil {
        if failure != nil {
          doneCount = submitted.count
          condition.broadcast()
        }
        if isClosed { return nil }
        condition.wait()
      }
      return submitted[doneCount]
    }
  }
}
