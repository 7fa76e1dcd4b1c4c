import Compute
import Foundation

/// A process of this program that times products of certain kernels on request: a process can have but one kind.
///
/// The process answers `mae blas-trial KERNEL PRODUCTS` with a line for the kernels that it got, and every empty line that it
/// reads with the seconds that the products took (see `BLASKernelTrialAnswers`). It ends with its input.
final class BLASKernelTrial {
  /// The name of the kernels, or what OpenBLAS calls them.
  let kernel: String
  private let process = Process()
  private let requests = Pipe()
  private let answers = Pipe()

  /// - Parameter name: nil for OpenBLAS's own pick.
  /// - Returns: nil where the process does not answer: kernels that this CPU cannot run, or a system that lets the
  ///   program start no other.
  init?(_ name: BLASKernelName?, products: [MatrixProduct]) {
    guard let text = try? JSONEncoder().encode(products) else { return nil }
    var environment = ProcessInfo.processInfo.environment
    // Without it OpenBLAS starts a thread for each core.
    environment["OPENBLAS_NUM_THREADS"] = "1"
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = [
      BLASKernelTrialAnswers.command, name?.rawValue ?? "", String(decoding: text, as: UTF8.self),
    ]
    process.environment = environment
    process.standardInput = requests
    process.standardOutput = answers
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    guard let kernel = BLASKernelTrial.line(from: answers) else { return nil }
    self.kernel = kernel
  }

  deinit {
    try? requests.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  /// Has the products made once more.
  ///
  /// - Returns: the seconds that it took; infinity where the process does not answer.
  func measure() -> Double {
    guard (try? requests.fileHandleForWriting.write(contentsOf: Data("\n".utf8))) != nil,
      let text = BLASKernelTrial.line(from: answers), let time = Double(text)
    else { return .infinity }
    return time
  }

  private static func line(from pipe: Pipe) -> String? {
    var bytes: [UInt8] = []
    while let byte = try? pipe.fileHandleForReading.read(upToCount: 1)?.first {
      if byte == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
      bytes.append(byte)
    }
    return nil
  }
}
