import Files
import Foundation
import Training

/// Writes to standard output what a command is asked for. Where that cannot be written, the command has failed.
///
/// It takes the place of Swift's own function in this module, which would not notice.
func print(_ result: some CustomStringConvertible, terminator: String = "\n") {
  do throws(FileError) {
    try StandardStream.output.write(result.description + terminator)
  } catch {
    fail("\(error)", code: 1)
  }
}

/// Says on standard output what a command has done whose result is a file. Where that cannot be written, it is dropped.
func remark(_ sentence: String) {
  try? StandardStream.output.write("\(sentence)\n")
}

/// Says `sentence` on standard error, if that can be written.
func say(_ sentence: String) {
  try? StandardStream.error.write("mae: \(sentence)\n")
}

/// Says `sentence` on standard error and ends this process.
func fail(_ sentence: String, code: Int32) -> Never {
  say(sentence)
  exit(code)
}

/// Says `error` on standard error and ends this process: with exit code 2 where the command is at fault, and else with 1.
func fail(_ error: any Error) -> Never {
  fail("\(error)", code: isUsageError(error) ? 2 : 1)
}

/// The command line without the program's name. What is no UTF-8 in it, as a path may be, is kept.
func commandLine() -> [String] {
  (1..<max(1, Int(CommandLine.argc))).compactMap { index in
    CommandLine.unsafeArgv[index].map { pathText(UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
  }
}
