import Checkpoints
import Compute
import Files
import Foundation

/// One change of a file system.
enum FileOperation: Equatable {
  case createDirectory(String)
  /// Where it does not exist yet.
  case createFile(String)
  case write(String, offset: Int, [UInt8], writer: Int)
  case synchronizeFile(String, writer: Int)
  case synchronizeDirectory(String)
  case rename(String, String)
  case remove(String)
}

/// What several file systems that are the same one have done, in order.
final class Journal: Sendable {
  private let noted = Monitor<[FileOperation]>([])

  var operations: [FileOperation] { noted.withLock { $0 } }

  func note(_ operation: FileOperation) { noted.withLock { $0.append(operation) } }

  func forget() { noted.withLock { $0 = [] } }
}

/// The real file system as one writer uses it, which notes every change and can refuse one of them.
final class RecordingFileSystem: FileSystem {
  private struct State {
    /// The number of operations that still succeed, and how the ones after them fail.
    var allowance = Int.max
    var failure: Int32 = ENOSPC
    var failsOnce = false
  }

  private let real = PosixFileSystem()
  private let state = Monitor(State())
  private let writer: Int
  private let journal: Journal
  private let turns: Turns?

  /// - Parameters:
  ///   - journal: where it notes its changes, as others may.
  ///   - turns: whose turn it waits for before each change; nil to wait for nobody.
  init(writer: Int = 0, journal: Journal = Journal(), turns: Turns? = nil) {
    self.writer = writer
    self.journal = journal
    self.turns = turns
  }

  var operations: [FileOperation] { journal.operations }

  func forget() {
    journal.forget()
    state.withLock { $0 = State() }
  }

  /// Lets `count` more operations succeed and refuses the next one, or all that come then; removing always works,
  /// as on a full disk.
  func fail(after count: Int, with code: Int32, once: Bool) {
    state.withLock {
      $0.allowance = count
      $0.failure = code
      $0.failsOnce = once
    }
  }

  func createDirectory(_ path: String) throws(FileError) {
    try note(.createDirectory(path), .mkdir, path)
    try real.createDirectory(path)
  }

  func write(_ path: String, _ source: ByteSource) throws(FileError) {
    try note(.createFile(path), .open, path)
    try real.write(path) { (sink: @escaping ByteSink) throws(FileError) in
      try source(self.noting(path, at: 0, sink))
    }
  }

  func write(_ path: String, at offset: Int, _ source: ByteSource) throws(FileError) {
    try note(.createFile(path), .open, path)
    try real.write(path, at: offset) { (sink: @escaping ByteSink) throws(FileError) in
      try source(self.noting(path, at: offset, sink))
    }
  }

  private func noting(_ path: String, at offset: Int, _ sink: @escaping ByteSink) -> ByteSink {
    var position = offset
    return { (bytes: UnsafeRawBufferPointer) throws(FileError) in
      try self.note(.write(path, offset: position, Array(bytes), writer: self.writer), .write, path)
      try sink(bytes)
      position += bytes.count
    }
  }

  func synchronizeFile(_ path: String) throws(FileError) {
    try note(.synchronizeFile(path, writer: writer), .fsync, path)
  }

  func synchronizeDirectory(_ path: String) throws(FileError) {
    try note(.synchronizeDirectory(path), .fsync, path)
  }

  func rename(_ source: String, to destination: String) throws(FileError) {
    try note(.rename(source, destination), .rename, source)
    try real.rename(source, to: destination)
  }

  func remove(_ path: String) throws(FileError) {
    journal.note(.remove(path))
    try real.remove(path)
  }

  private func note(_ operation: FileOperation, _ call: SystemCall, _ path: String) throws(FileError) {
    let failure = turns.map { $0.take(writer) { permit(operation) } } ?? permit(operation)
    if let failure {
      throw FileError(call: call, path: path, code: failure)
    }
  }

  /// - Returns: the error that the operation is to fail with; nil where it may go on, and is noted.
  private func permit(_ operation: FileOperation) -> Int32? {
    state.withLock { state in
      guard state.allowance > 0 else {
        if state.failsOnce {
          state.allowance = .max
        }
        return state.failure
      }
      state.allowance -= 1
      journal.note(operation)
      return nil
    }
  }
}
