import Compute
import Configuration

/// Which of OpenBLAS's kernels training computes with: `parallel.blas_kernel`.
public enum BLASKernelChoice: ConfigurationValue {
  /// The library's own pick, unless another one is clearly faster; a resumed run keeps its checkpoint's.
  case auto
  /// What OPENBLAS_CORETYPE says, and the library's own pick where it is not set.
  case environment
  case named(BLASKernelName)

  public static var expectation: String {
    "auto, environment, or one of OpenBLAS's kernels " + BLASKernelName.allCases.map(\.rawValue).joined(separator: ", ")
  }

  public init(configuration node: ConfigurationNode) throws(ConfigurationMismatch) {
    guard let text = node.plainText else { throw ConfigurationMismatch() }
    switch text {
    case "auto": self = .auto
    case "environment": self = .environment
    default:
      guard let name = BLASKernelName(rawValue: text) else {
        let near = BLASKernelName.allCases.first { $0.rawValue.lowercased() == text.lowercased() }
        throw ConfigurationMismatch(advice: near.map { "write \($0.rawValue)" })
      }
      self = .named(name)
    }
  }

  public var configurationNode: ConfigurationNode {
    switch self {
    case .auto: .text("auto")
    case .environment: .text("environment")
    case .named(let name): .text(name.rawValue)
    }
  }
}
