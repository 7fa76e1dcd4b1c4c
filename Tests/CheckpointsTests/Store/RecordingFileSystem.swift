import Checkpoints
import Foundation
import Synchronization

/// One change of a file system.
enum FileOperation: Equatable {
  case createDirectory(String)
  case createFile(String)
  case append(String, [UInt8])
  case synchronizeFile(String)
  case synchronizeDirectory(String)
  case rename(String, String)
  case remove(String)
}

/// The real file system, which notes every change and can refuse one of them.
final class RecordingFileSystem: FileSystem {
  private struct State {
    var operations: [FileOperation] = []
    /// The number of operations that still succeed, and how the ones after them fail.
    var allowance = Int.max
    var failure: Int32 = ENOSPC
    var failsOnce = false
  }

  private let real = PosixFileSystem()
  private let state = Mutex(State())

  var operations: [FileOperation] { state.withLock { $0.operations } }

  func forget() {
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
    try note(.createDirectory(path), "mkdir", path)
    try real.createDirectory(path)
  }

  func write(_ path: String, _ source: ByteSource) throws(FileError) {
    try note(.createFile(path), "open", path)
    try real.write(path) { (sink: @escaping ByteSink) throws(FileError) in
      try source { (bytes: UnsafeRawBufferPointer) throws(FileError) in
        try self.note(.append(path, Array(bytes)), "write", path)
        try sink(bytes)
      }
    }
  }

  func synchronizeFile(_ path: String) throws(FileError) {
    try note(.synchronizeFile(path), "fsync", path)
  }

  func synchronizeDirectory(_ path: String) throws(FileError) {
    try note(.synchronizeDirectory(path), "fsync", path)
  }

  func rename(_ source: String, to destination: String) throws(FileError) {
    try note(.rename(source, destination), "rename", source)
    try real.rename(source, to: destination)
  }

  func remove(_ path: String) throws(FileError) {
    state.withLock { $0.operations.append(.remove(path)) }
    try real.remove(path)
  }

  private func note(_ operation: FileOperation, _ call: String, _ path: String) throws(FileError) {
    let failure: Int32? = state.withLock { state in
      guard state.allowance > 0 else {
        if state.failsOnce {
          state.allowance = .max
        }
        return state.failure
      }
      state.allowance -= 1
      state.operations.append(operation)
      return nil
    }
    if let failure {
      throw FileError(call: call, path: path, code: failure)
    }
  }
}
