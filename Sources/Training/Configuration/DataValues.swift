import Configuration
import Datasets
import Imaging

extension ChannelOrder: ConfigurationValue {}

extension AlphaTreatment: ConfigurationValue {}

extension SampleOrder: ConfigurationValue {}

/// `true` and `false` are what older configurations say for `horizontal` and `none`.
extension Mirroring: ConfigurationValue {
  public static let expectation = "one of none, horizontal, both"
  public static let schema = JSONValue.any(of: [.words(["none", "horizontal", "both"]), Bool.schema])

  public init(configuration node: ConfigurationNode) throws(ConfigurationMismatch) {
    switch node.plainText {
    case "true": self = .horizontal
    case "false": self = .none
    default:
      guard case .scalar(let text, _) = node.content, let value = Self(rawValue: text) else {
        throw ConfigurationMismatch()
      }
      self = value
    }
  }

  public var configurationNode: ConfigurationNode { .text(rawValue) }
}

/// One path, or a list of them.
extension DataPaths: ConfigurationValue {
  public static let expectation = "a path or a list of paths"
  public static let schema = JSONValue.any(of: [String.schema, [String].schema])

  public init(configuration node: ConfigurationNode) throws(ConfigurationMismatch) {
    if case .list = node.content {
      self.init(try [String](configuration: node).filter { !$0.isEmpty })
    } else {
      self.init(stringLiteral: try String(configuration: node))
    }
  }

  public var configurationNode: ConfigurationNode {
    switch all.count {
    case 0: .text("")
    case 1: .text(all[0])
    default: .list(all.map(ConfigurationNode.text))
    }
  }
}

extension RandAugment: ConfigurationValue {
  public static let expectation = "a policy of RandAugment such as rand-m9-mstd0.5-inc1"
  public static let schema = String.schema

  public init(configuration node: ConfigurationNode) throws(ConfigurationMismatch) {
    let text = try String(configuration: node)
    do throws(RandAugment.TextError) {
      self = try RandAugment(parsing: text)
    } catch {
      throw ConfigurationMismatch(advice: error.reason)
    }
  }

  public var configurationNode: ConfigurationNode { .text(text) }
}

extension TaskConfiguration {
  /// How images are decoded for this model.
  public var decodingOptions: DecodingOptions {
    DecodingOptions(
      pixelLimit: Int((data.maxMegapixels * 1e6).rounded()), channels: imageShape.channels, channelOrder: data.layout,
      turnsUpright: data.exif)
  }
}
