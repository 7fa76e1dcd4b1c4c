import Synchronization

/// Runs pieces `0..<count` of some work, several at the same time, and returns when all are done. The calling thread takes
/// part, with as many others as there are cores; one that cannot be started is done without.
public func runPieces(_ count: Int, _ piece: @escaping @Sendable (Int) -> Void) {
  let next = NextPiece()
  let run: @Sendable () -> Void = {
    while let index = next.take(below: count) { piece(index) }
  }
  let others = min(count, availableCores().count) - 1
  let threads = (0..<max(0, others)).compactMap { _ in try? SystemThread(for: "reading files", run) }
  run()
  for thread in threads { thread.join() }
}

private final class NextPiece: Sendable {
  private let number = Atomic(0)

  func take(below count: Int) -> Int? {
    let index = number.wrappingAdd(1, ordering: .relaxed).oldValue
    return index < count ? index : nil
  }
}
