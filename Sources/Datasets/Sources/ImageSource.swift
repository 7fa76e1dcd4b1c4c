import Imaging

/// Pictures by index, wherever they are kept.
///
/// A new kind of data set is one file with a type that conforms, and one case in `openSource(at:)`. All of it may be
/// called from many threads at once.
public protocol ImageSource: Sendable {
  /// What it is, for people: "a folder of pictures".
  var kind: String { get }
  /// How many pictures; at least one.
  var count: Int { get }
  /// Channels, height and width, where all pictures share them.
  var shape: ImageShape? { get }
  /// The names of the classes in the order of their labels; empty without labels.
  var classNames: [String] { get }

  /// The name of a picture, for messages and lists: a path, or a file and a number in it.
  func name(of index: Int) -> String
  /// The class of a picture, an index into `classNames`; nil without labels.
  func label(of index: Int) -> Int?
  /// Reads and decodes a picture.
  func image(at index: Int) throws(DatasetError) -> Image
}
