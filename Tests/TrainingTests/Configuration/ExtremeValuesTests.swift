import Collectives
import Configuration
import Foundation
import Pretraining
import Testing
import Training

/// Every key with values at the ends of what can be written: each is refused, or can be used. A trap ends the test.
struct ExtremeValuesTests {
  private static let extremes = [
    "9223372036854775807", "-9223372036854775808", "18446744073709551615", "4294967296", "-4294967297", "1e300",
    "-1e300", "1e-300", "1e38", "-1", "0", "-0.0", "1", ".nan", ".inf", "-.inf", "1e999", "65536", "1000000",
    "1000000000000",
  ]

  /// The value, and lists of it for keys that take those.
  private static let forms: [@Sendable (String) -> String] = [
    { $0 }, { "[\($0)]" }, { "[\($0), \($0)]" }, { "[1, \($0)]" }, { "[8, \($0)]" }, { "[\($0), 1e308]" },
  ]

  /// Any text is a path.
  private static let paths: Set = ["data.path", "eval.test", "eval.train", "gallery.path"]

  static let keys = PretrainingConfiguration().entries.map(\.path.description).filter { !paths.contains($0) }

  @Test(arguments: keys) func isRefusedOrCanBeUsed(key: String) throws {
    let bench = try Workbench()
    let base = try String(contentsOfFile: "\(bench.path)/tiny.yaml", encoding: .utf8)
    var accepted = 0
    for extreme in Self.extremes {
      for form in Self.forms {
        let override = "\(key)=\(form(extreme))"
        let configuration: PretrainingConfiguration
        do throws(ConfigurationError) {
          configuration = try PretrainingConfiguration.decode(
            yaml: base, overrides: ["data.path=\(bench.path)/images", override])
        } catch {
          #expect(error.description.hasPrefix("config error: "), "\(override)")
          continue
        }
        accepted += 1
        #expect(try PretrainingConfiguration.decode(yaml: configuration.yaml()) == configuration, "\(override)")
        #expect(configuration.model.imageValues > 0 && configuration.imagesPerVirtualWorker > 0, "\(override)")
        _ = configuration.checkpoint.isDue(after: 1 << 40, stepsPerEpoch: 1 << 40)
        _ = (configuration.data.augmentation, configuration.data.normalization)
        do {
          _ = try Run<MaskedAutoencoding>.check(configuration, InProcessCommunicator())
        } catch {
          #expect(!"\(error)".isEmpty)
        }
      }
    }
    #expect(accepted < Self.extremes.count * Self.forms.count, "\(key) takes anything")
  }
}
