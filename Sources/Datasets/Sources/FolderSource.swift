import Files
import Imaging

/// The image files of a folder and its subfolders, in the byte order of their paths.
///
/// If every image lies in a subfolder, the first folders are classes, numbered in the byte order of their names;
/// otherwise the images have no labels. Litter is passed over: names that begin with a dot, and what systems leave behind.
public struct FolderSource: ImageSource {
  public let kind = "a folder of images"
  public let root: String
  public let classNames: [String]
  public let notes: [String]
  public let shape: ImageShape? = nil
  private let paths: PathTable
  private let labels: [Int32]
  private let options: DecodingOptions

  public init(root: String, options: DecodingOptions = DecodingOptions()) throws(DatasetError) {
    self.root = root
    self.options = options
    var findings = FolderFindings()
    paths = try PathTable(root: root, extensions: ImageKind.endings, findings: &findings)
    guard paths.count > 0 else {
      throw .notADataset(
        path: root,
        reason: "the folder holds no file named \(ImageKind.endings.map { "*\($0)" }.joined(separator: ", "))"
      )
    }
    let (classes, labels) = paths.classes()
    self.labels = labels
    classNames = classes.map { escaped($0) }
    notes = findings.notes(root: root, classes: classes)
  }

  public var count: Int { paths.count }

  /// All paths, and the sizes of at most 1024 files.
  public func identity() -> DataIdentity {
    DataIdentity(count: count) { hash in
      paths.feed(hash)
      paths.feedSizes(hash, folder: root)
    }
  }

  public func name(of index: Int) -> String { paths[index] }

  public func label(of index: Int) -> Int? { labels.isEmpty ? nil : Int(labels[index]) }

  public func image(at index: Int, _ request: CropRequest) throws(DatasetError) -> CroppedImage {
    do throws(ImagingError) {
      return try decodeImage(at: pathBytes("\(root)/") + paths.bytes(of: index), options: options, request)
    } catch {
      throw DatasetError(error, index: index, name: paths[index])
    }
  }

  public func image(at index: Int) throws(DatasetError) -> Image {
    do throws(ImagingError) {
      return try decodeImage(at: pathBytes("\(root)/") + paths.bytes(of: index), options: options)
    } catch {
      throw DatasetError(error, index: index, name: paths[index])
    }
  }

  public func file(at index: Int) throws(ImagingError) -> EncodedImage? {
    try EncodedImage(at: pathBytes("\(root)/") + paths.bytes(of: index))
  }
}

extension FolderSource: SourceFormat {
  static func open(_ place: SourcePlace, _ options: DecodingOptions) throws(DatasetError) -> (any ImageSource)? {
    place.isFolder ? try FolderSource(root: place.path, options: options) : nil
  }
}

extension DatasetError {
  /// What does not decode, or is not there, is a bad image; what cannot be read ends the run, for the disk or the network
  /// is at fault then and not the image.
  init(_ error: ImagingError, index: Int, name: String) {
    if case .readFailed(let path, let reason) = error {
      self = .unreadable(path: path, reason: reason)
    } else {
      self = .badImage(BadSample(index: index, name: name, reason: error.description))
    }
  }
}
