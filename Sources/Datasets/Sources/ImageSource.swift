import Imaging

/// Images by index, wherever they are kept.
///
/// A new kind of data set is one file with a type that conforms, and one line in `sourceFormats`. All of it may be
/// called from many threads at once.
public protocol ImageSource: Sendable {
  /// What it is, for people: "a folder of images".
  var kind: String { get }
  /// How many images; at least one.
  var count: Int { get }
  /// Channels, height and width, where all images share them.
  var shape: ImageShape? { get }
  /// What most images' samples are, for the memory that is taken at start; 8 bits unless a source knows better.
  var sampleKind: SampleKind { get }
  /// The names of the classes in the order of their labels, escaped as those of images are; empty without labels.
  var classNames: [String] { get }
  /// What was found beside the images, and what was passed over: lines that say what to do, empty where nothing is to be
  /// said.
  var notes: [String] { get }
  /// What tells these images from others. It may read from the disk: ask for it once.
  func identity() -> DataIdentity

  /// The name of an image, for messages and lists: a path, or a file and a number in it. It is one line, whatever bytes
  /// the file's name has (`escaped` of the module Files), and differs from the names of all other images.
  func name(of index: Int) -> String
  /// The class of an image, an index into `classNames`; nil without labels.
  func label(of index: Int) -> Int?
  /// Reads and decodes an image.
  func image(at index: Int) throws(DatasetError) -> Image
  /// Reads an image and decodes at least the part that is wanted; by default all of it.
  func image(at index: Int, _ request: CropRequest) throws(DatasetError) -> CroppedImage
  /// The file of an image as it is stored; nil where images are not kept in image files.
  func file(at index: Int) throws(ImagingError) -> EncodedImage?
}

extension ImageSource {
  public var sampleKind: SampleKind { .uint8 }
  public var notes: [String] { [] }

  public func image(at index: Int, _ request: CropRequest) throws(DatasetError) -> CroppedImage {
    CroppedImage(try image(at: index), request)
  }

  public func file(at index: Int) throws(ImagingError) -> EncodedImage? { nil }

  /// Reads an image and brings it to `channels`.
  ///
  /// - Throws: a bad image where there is no way from its channels to that number.
  public func image(at index: Int, channels: Int, alpha: AlphaTreatment = .white) throws(DatasetError) -> Image {
    let image = try image(at: index)
    guard let converted = image.converted(toChannels: channels, alpha: alpha) else {
      throw .badImage(wrongChannels(index, found: image.channels, wanted: channels))
    }
    return converted
  }

  /// The same of the part that is wanted.
  public func image(
    at index: Int, channels: Int, alpha: AlphaTreatment, _ request: CropRequest
  ) throws(DatasetError) -> CroppedImage {
    let part = try image(at: index, request)
    guard let converted = part.converted(toChannels: channels, alpha: alpha) else {
      throw .badImage(wrongChannels(index, found: part.image.channels, wanted: channels))
    }
    return converted
  }

  private func wrongChannels(_ index: Int, found: Int, wanted: Int) -> BadSample {
    let name = name(of: index)
    return BadSample(
      index: index, name: name,
      reason: "\(name) has \(found) channels, which cannot become model.channels (\(wanted))")
  }

  func notFinite(_ index: Int) -> BadSample {
    let name = name(of: index)
    return BadSample(index: index, name: name, reason: "\(name) holds values that are no finite numbers")
  }
}

extension ImageSource {
  /// Finds out at start, from the first image, what would otherwise fail for every one.
  ///
  /// An image that does not decode says nothing here; what becomes of it is decided when it is wanted.
  public func requireChannels(_ channels: Int) throws(DatasetError) {
    let first: Image
    do throws(DatasetError) {
      first = try image(at: 0)
    } catch {
      guard case .badImage = error else { throw error }
      return
    }
    guard first.converted(toChannels: channels) != nil else {
      throw .wrongChannels(name: name(of: 0), found: first.channels, wanted: channels)
    }
  }
}
