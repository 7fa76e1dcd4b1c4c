import Configuration
import Datasets
import Training

/// Images of what the model makes of masked ones, while it is trained; they change no bit of the run.
public struct GalleryConfiguration: ConfigurationSection, Equatable {
  public var everyEpochs: Int?
  public var count = 8
  public var path: DataPaths?

  public init() {}

  public static let keys: [ConfigurationKey<Self>] = [
    .optional(
      "every_epochs", \.everyEpochs, "paint one after every so many epochs; null: ten times in a run",
      .within(1...1_000_000)),
    .value("count", \.count, "images of a gallery, spread evenly over the data; 0: no gallery", .within(0...64)),
    .optional(
      "path", \.path,
      "held-out images, whatever data.path takes; null: those of eval.test, and without these the images that are trained "
        + "on"),
  ]

  /// - Parameters:
  ///   - epoch: epochs done.
  ///   - epochs: those of the schedule, whose last always has one.
  func isDue(afterEpoch epoch: Int, of epochs: Int) -> Bool {
    count > 0 && (epoch == epochs || epoch.isMultiple(of: everyEpochs ?? max(1, epochs / 10)))
  }
}
