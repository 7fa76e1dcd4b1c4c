import Checkpoints
import Datasets
import Files
import Foundation

/// The names of a source's images, a line each: which row of a feature file is whose.
struct NameList {
  let path: String
  let source: any ImageSource

  init(path: String, source: any ImageSource) throws(FeatureError) {
    guard !FileManager.default.fileExists(atPath: path) else { throw .exists(path: path) }
    self.path = path
    self.source = source
  }

  func write() throws(FeatureError) {
    do throws(FileError) {
      try PosixFileSystem().write(path) { (sink: ByteSink) throws(FileError) in
        for index in 0..<source.count {
          let line = Array("\(source.name(of: index))\n".utf8)
          try line.withUnsafeBufferPointer { (bytes: UnsafeBufferPointer<UInt8>) throws(FileError) in
            try sink(UnsafeRawBufferPointer(bytes))
          }
        }
      }
    } catch {
      throw .file(error)
    }
  }
}
