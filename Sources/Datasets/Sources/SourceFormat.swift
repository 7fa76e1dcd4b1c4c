import Files
import Imaging

/// What lies at a path, as far as telling its kind needs.
struct SourcePlace {
  let path: String
  let isFolder: Bool
  /// Of a file, unpacked if it is a gzip file: as much as tells what it is.
  let firstBytes: [UInt8]
  let isPacked: Bool
  /// Of a folder: what it holds directly, without what is named as an image and without litter, sorted.
  let names: [String]
  /// What is known of tar shards without reading them.
  let shardIndex: ShardIndex

  /// A tar file tells what it is in its first block.
  private static let firstByteCount = TarHeader.blockSize

  init(_ path: String, shardIndex: ShardIndex = ShardIndex()) throws(DatasetError) {
    self.path = path
    self.shardIndex = shardIndex
    switch try readingDataset({ () throws(FileError) in try FileStatus(path).kind }) {
    case .directory:
      isFolder = true
      (firstBytes, isPacked) = ([], false)
      names = try listFolder(path, passingOver: ImageKind.endings).sorted()
    case .regular:
      isFolder = false
      names = []
      let reader = try GzipReader(path: path)
      firstBytes = (try? reader.read(upTo: Self.firstByteCount)) ?? []
      isPacked = reader.isPacked
    case .other:
      throw .notADataset(path: path, reason: "it is neither a folder nor a file")
    }
  }

  func path(of name: String) -> String { "\(path)/\(name)" }
}

/// A kind of data set that is told from what lies at a path.
///
/// A new one is a file with a type that conforms to this and to `ImageSource`, and a line in `sourceFormats`.
protocol SourceFormat {
  /// Opens what lies at `place` if it is of this kind; nil if it is of another.
  static func open(_ place: SourcePlace, _ options: DecodingOptions) throws(DatasetError) -> (any ImageSource)?
}

/// In the order in which they are asked. A folder of images is what no other kind has claimed.
private var sourceFormats: [any SourceFormat.Type] {
  [IDXSource.self, CIFARSource.self, NumpySource.self, TarSource.self, ListSource.self, FolderSource.self]
}

/// Opens the data set at `path`, of whatever kind it is: a folder of images, IDX or CIFAR files or a folder of them, a
/// NumPy array, tar files (one, a folder of them, or a name with a range of numbers), or a text file that lists files.
///
/// - Parameter shardIndex: what is known of tar files, which are not read for it again.
public func openSource(
  at path: String, options: DecodingOptions = DecodingOptions(), shardIndex: ShardIndex = ShardIndex()
) throws(DatasetError) -> any ImageSource {
  let names = (try? fileKindFollowingLinks(path)) != nil ? [path] : try ShardNames.expand(path)
  guard names == [path] else {
    return try TarSource(paths: names, options: options, index: shardIndex)
  }
  let place = try SourcePlace(path, shardIndex: shardIndex)
  for format in sourceFormats {
    if let source = try format.open(place, options) { return source }
  }
  throw .notADataset(
    path: path,
    reason:
      "it is a file of no kind that holds a data set (IDX, CIFAR, .npy, .tar or a list of files in .txt); for images, "
      + "give the folder that the images are in")
}

/// Opens several data sets as one, in this order.
public func openSource(
  at paths: DataPaths, options: DecodingOptions = DecodingOptions(), shardIndex: ShardIndex = ShardIndex()
) throws(DatasetError) -> any ImageSource {
  guard !paths.isEmpty else { throw .noPath }
  guard paths.all.count > 1 else {
    return try openSource(at: paths.all[0], options: options, shardIndex: shardIndex)
  }
  var sources: [any ImageSource] = []
  for path in paths.all { sources.append(try openSource(at: path, options: options, shardIndex: shardIndex)) }
  return JoinedSource(sources)
}

/// Where data lies: one path or several.
public struct DataPaths: Sendable, Equatable, ExpressibleByStringLiteral, CustomStringConvertible {
  public let all: [String]

  public init(_ paths: [String]) { all = paths }

  public init(stringLiteral path: String) { all = path.isEmpty ? [] : [path] }

  public var isEmpty: Bool { all.isEmpty }

  public var description: String { all.joined(separator: ", ") }
}
