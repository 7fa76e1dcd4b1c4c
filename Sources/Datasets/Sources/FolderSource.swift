import Files
import Imaging

/// The image files of a folder and its subfolders, in the byte order of their paths.
///
/// If every image lies in a subfolder, the first folders are classes, numbered in the byte order of their names;
/// otherwise the images have no labels. Names that begin with a dot are passed over.
public struct FolderSource: ImageSource {
  public let kind = "a folder of images"
  public let root: String
  public let classNames: [String]
  public let shape: ImageShape? = nil
  private let paths: PathTable
  private let labels: [Int32]

  public init(root: String) throws(DatasetError) {
    self.root = root
    paths = try PathTable(root: root, extensions: ImageKind.endings)
    guard paths.count > 0 else {
      throw .notADataset(
        path: root,
        reason: "the folder holds no file named \(ImageKind.endings.map { "*\($0)" }.joined(separator: ", "))"
      )
    }
    (classNames, labels) = paths.classes()
  }

  public var count: Int { paths.count }

  /// Sizes of so many files are looked at, evenly spread: on a network file system each is a question to its server, and
  /// images that were encoded anew have nearly all other sizes.
  static let sizesInIdentity = 1024

  /// All paths, and the sizes of at most 1024 files.
  public func identity() -> DataIdentity {
    DataIdentity(count: count) { hash in
      paths.feed(hash)
      let sizes = min(count, Self.sizesInIdentity)
      for number in 0..<sizes {
        // What cannot be looked at has no size; it is reported when it is read.
        let size = try? fileSize("\(root)/\(paths[number * count / sizes])")
        hash.update(size.map(UInt64.init) ?? .max)
      }
    }
  }

  public func name(of index: Int) -> String { escaped(paths[index]) }

  public func label(of index: Int) -> Int? { labels.isEmpty ? nil : Int(labels[index]) }

  public func image(at index: Int) throws(DatasetError) -> Image {
    do throws(ImagingError) {
      return try decodeImage(at: "\(root)/\(paths[index])")
    } catch {
      throw .badImage(BadSample(index: index, name: name(of: index), reason: error.description))
    }
  }
}
