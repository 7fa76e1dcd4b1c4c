import Files
import Glibc
import Imaging

/// Image files that a text file lists, one a line, or one after another with a zero byte behind each (`find -print0`).
/// Paths that do not begin with a slash begin in the folder of the list.
public struct ListSource: ImageSource {
  public let kind = "a list of image files"
  public let classNames: [String] = []
  public let shape: ImageShape? = nil
  private let folder: String
  private let paths: PathTable
  private let options: DecodingOptions

  static let endings = [".txt", ".lst", ".list"]

  public var count: Int { paths.count }

  /// All paths as they are listed, and the sizes of at most 1024 files.
  public func identity() -> DataIdentity {
    DataIdentity(count: count) { hash in
      paths.feed(hash)
      paths.feedSizes(hash, folder: folder)
    }
  }

  public func name(of index: Int) -> String { paths[index] }

  public func label(of index: Int) -> Int? { nil }

  public func image(at index: Int) throws(DatasetError) -> Image {
    do throws(ImagingError) {
      return try decodeImage(at: path(of: index), options: options)
    } catch {
      throw DatasetError(error, index: index, name: name(of: index))
    }
  }

  public func file(at index: Int) throws(ImagingError) -> EncodedImage? { try EncodedImage(at: path(of: index)) }

  private func path(of index: Int) -> [UInt8] {
    let path = paths.bytes(of: index)
    return path.first == UInt8(ascii: "/") ? path : Array("\(folder)/".utf8) + path
  }
}

extension ListSource: SourceFormat {
  static func open(_ place: SourcePlace, _ options: DecodingOptions) throws(DatasetError) -> (any ImageSource)? {
    guard !place.isFolder, !place.isPacked, endings.contains(where: { place.path.lowercased().hasSuffix($0) }) else {
      return nil
    }
    let file = try RandomAccessFile(path: place.path)
    let content = try file.read(0..<file.size)
    let separator: UInt8 = content.contains(0) ? 0 : UInt8(ascii: "\n")
    let lines = content.split(separator: separator).map { line in
      separator != 0 && line.last == UInt8(ascii: "\r") ? line.dropLast() : line
    }.filter { !$0.isEmpty }
    guard let first = lines.first else { throw .notADataset(path: place.path, reason: "the list is empty") }
    let folder = place.path.lastIndex(of: "/").map { String(place.path[..<$0]) } ?? "."
    try requireExistence(of: first, in: folder, list: place.path)
    guard lines.allSatisfy(isNamedAsImage) else {
      // A list of shards, arrays or folders.
      let paths = lines.map { line in
        let path = String(decoding: line, as: UTF8.self)
        return path.hasPrefix("/") ? path : "\(folder)/\(path)"
      }
      return try openSource(at: DataPaths(paths), options: options)
    }
    return ListSource(folder: folder, paths: PathTable(lines), options: options)
  }

  /// A list that was made in another folder names nothing that is there.
  private static func requireExistence(
    of line: ArraySlice<UInt8>, in folder: String, list: String
  ) throws(DatasetError) {
    let path = line.first == UInt8(ascii: "/") ? Array(line) : Array("\(folder)/".utf8) + line
    guard (try? fileKindFollowingLinks(pathText(path))) == nil else { return }
    throw .notADataset(
      path: list,
      reason: "the first file that it lists, \(escaped(path)), is not there; list paths from the root, or from the "
        + "folder of the list")
  }
}

/// Arrays may hold one image or many; a list of them is one of data sets.
private func isNamedAsImage(_ path: ArraySlice<UInt8>) -> Bool {
  ImageKind.endings.contains { $0 != ".npy" && endsIgnoringCase(path, with: Array($0.utf8)) }
}
