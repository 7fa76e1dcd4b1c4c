import Datasets
import Files

/// Writes the names of a source's images, a line each: which row of a feature file is whose. Behind the name of a labelled
/// image stand a tab and the name of its class.
///
/// - Parameters:
///   - path: must not exist.
///   - leftOut: the indices of the images that have no row.
func writeNames(of source: any ImageSource, leavingOut leftOut: Set<Int>, to path: String) throws(FileError) {
  try PosixFileSystem().write(path) { (sink: ByteSink) throws(FileError) in
    for index in 0..<source.count where !leftOut.contains(index) {
      let label = source.label(of: index).map { "\t\(source.classNames[$0])" } ?? ""
      try emit(Array("\(source.name(of: index))\(label)\n".utf8), to: sink)
    }
  }
}
