import Compute
import Configuration

/// The kernels that training makes products with: `parallel.blas_kernel`.
public enum BLASKernelChoice: ConfigurationValue {
  /// Our own, unless OpenBLAS is measured to be faster on this CPU; a resumed run keeps its checkpoint's. A stopwatch then
  /// decides bits.
  case auto
  /// OpenBLAS's that OPENBLAS_CORETYPE names, and its own pick where that is not set.
  case environment
  case named(BLASKernelName)

  public static var expectation: String {
    "auto, environment, mae, or one of OpenBLAS's kernels "
      + BLASKernelName.allCases.filter { $0 != .own }.map(\.rawValue).joined(separator: ", ")
  }

  public static var schema: JSONValue {
    .words(["auto", "environment"] + BLASKernelName.allCases.map(\.rawValue))
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
