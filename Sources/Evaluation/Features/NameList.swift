import Datasets
import Files

/// Writes the names of a source's images, a line each: which row of a feature file is whose.
///
/// - Parameters:
///   - path: must not exist.
///   - leftOut: the indices of the images that have no row.
func writeNames(of source: any ImageSource, leavingOut leftOut: Set<Int>, to path: String) throws(FileError) {
  try PosixFileSystem().write(path) { (sink: ByteSink) throws(FileError) in
    for index in 0..<source.count where !leftOut.contains(index) {
      try emit(Array("\(source.name(of: index))\n".utf8), to: sink)
    }
  }
}
