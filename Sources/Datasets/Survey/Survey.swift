import Compute
import Imaging

/// Looks at every image of a data set, on several threads, and takes what was found in the order of the images: whatever is
/// summed over it does not depend on the number of threads.
///
/// - Parameters:
///   - look: what is found in an image, or in why it cannot be had; called from many threads.
///   - take: called from one thread, image after image.
/// - Throws: what cannot be read, which is no image's fault.
func survey<Finding: Sendable>(
  _ source: any ImageSource, threads: Int,
  look: @escaping @Sendable (_ index: Int, _ image: Result<Image, BadSample>) -> Finding,
  take: (_ index: Int, _ finding: Finding) -> Void
) throws(DatasetError) {
  let pool: WorkerPool
  do throws(ThreadError) {
    pool = try WorkerPool(count: threads)
  } catch {
    throw .cannotStartThread(error)
  }
  // Enough for all threads to be busy until nearly the end of each block, few enough to be held.
  let blockLength = 64 * threads
  for first in stride(from: 0, to: source.count, by: blockLength) {
    let block = first..<min(first + blockLength, source.count)
    for (index, finding) in zip(block, try lookAt(source, block, on: pool, look: look)) { take(index, finding) }
  }
}

/// The same of some images, whose findings are returned in their order.
func lookAt<Finding: Sendable>(
  _ source: any ImageSource, _ block: Range<Int>, on pool: WorkerPool,
  look: @escaping @Sendable (_ index: Int, _ image: Result<Image, BadSample>) -> Finding
) throws(DatasetError) -> [Finding] {
  let next = Monitor(block.lowerBound)
  let results = Monitor(BlockResults<Finding>())
  pool.run { _ in
    while true {
      let index = next.withLock { next in
        defer { next += 1 }
        return next
      }
      guard index < block.upperBound, results.withLock({ $0.failure }) == nil else { return }
      do throws(DatasetError) {
        let image = try outcome(of: source, index)
        let finding = look(index, image)
        results.withLock { $0.found[index] = finding }
      } catch {
        results.withLock { $0.failure = error }
      }
    }
  }
  let found = results.withLock { $0 }
  if let failure = found.failure { throw failure }
  return block.map { found.found[$0]! }
}

private struct BlockResults<Finding: Sendable>: Sendable {
  var found: [Int: Finding] = [:]
  var failure: DatasetError?
}

private func outcome(of source: any ImageSource, _ index: Int) throws(DatasetError) -> Result<Image, BadSample> {
  do throws(DatasetError) {
    return .success(try source.image(at: index))
  } catch {
    guard case .badImage(let bad) = error else { throw error }
    return .failure(bad)
  }
}

extension BadSample: Error {}
