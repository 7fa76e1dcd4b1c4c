import Imaging

/// Images by index, wherever they are kept.
///
/// A new kind of data set is one file with a type that conforms, and one case in `openSource(at:)`. All of it may be
/// called from many threads at once.
public protocol ImageSource: Sendable {
  /// What it is, for people: "a folder of images".
  var kind: String { get }
  /// How many images; at least one.
  var count: Int { get }
  /// Channels, height and width, where all images share them.
  var shape: ImageShape? { get }
  /// The names of the classes in the order of their labels; empty without labels.
  var classNames: [String] { get }
  /// What tells these images from others. It may read from the disk: ask for it once.
  func identity() -> DataIdentity

  /// The name of an image, for messages and lists: a path, or a file and a number in it.
  func name(of index: Int) -> String
  /// The class of an image, an index into `classNames`; nil without labels.
  func label(of index: Int) -> Int?
  /// Reads and decodes an image.
  func image(at index: Int) throws(DatasetError) -> Image
}
