import Configuration
import Datasets
import Training

/// Which images a classifier is tried on after epochs, and how.
public struct ValidationSection: ConfigurationSection, Equatable {
  public var path: DataPaths?
  public var everyEpochs = 1
  public var cropFraction = 0.875
  public var onlyPresentClasses = false

  public init() {}

  public static let keys: [ConfigurationKey<Self>] = [
    .optional(
      "path", \.path, "labelled images that are not trained on, of whatever kind data.path may be; null: no validation"
    ),
    .value("every_epochs", \.everyEpochs, "validate after every so many epochs, and after the last", .atLeast(1)),
    .value(
      "crop_fraction", \.cropFraction, "the part of the resized image's shorter side that is kept; 1 keeps all of it",
      .within(0.01...1)),
    .value(
      "only_present_classes", \.onlyPresentClasses,
      "choose among the classes that these images have, where they lack some of the training's"),
  ]
}
