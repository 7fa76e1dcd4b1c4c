import Compute

/// Many files of which only some are open at a time, since a process may not open as many as a large data set has.
final class FilePool: Sendable {
  let paths: [String]
  /// Of each file when the pool was made; a file that has another size later is damaged.
  let sizes: [Int]
  private let open: Monitor<Open>

  private struct Open {
    var files: [Int: RandomAccessFile] = [:]
    /// From the one that was opened first.
    var order: [Int] = []
  }

  /// Fewer than a quarter of the usual limit of 1024.
  private static let limit = 200

  init(paths: [String], sizes: [Int]) {
    self.paths = paths
    self.sizes = sizes
    open = Monitor(Open())
  }

  /// The file at `index`, opened if it is not. Whoever reads it keeps it open although the pool may let it go.
  func file(_ index: Int) throws(DatasetError) -> RandomAccessFile {
    if let file = open.withLock({ $0.files[index] }) { return file }
    let file = try RandomAccessFile(path: paths[index])
    guard file.size == sizes[index] else {
      throw .corrupt(
        path: paths[index], reason: "it has \(file.size) bytes, and had \(sizes[index]) when the run began")
    }
    return open.withLock { open in
      // Another thread may have been faster.
      if let other = open.files[index] { return other }
      if open.order.count == Self.limit { open.files[open.order.removeFirst()] = nil }
      open.files[index] = file
      open.order.append(index)
      return file
    }
  }
}
