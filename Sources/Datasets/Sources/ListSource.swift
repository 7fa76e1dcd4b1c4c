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

  public func image(at index: Int, _ request: CropRequest) throws(DatasetError) -> CroppedImage {
    do throws(ImagingError) {
      return try decodeImage(at: path(of: index), options: options, request)
    } catch {
      throw DatasetError(error, index: index, name: name(of: index))
    }
  }

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
    guard let list = try List(place) else { return nil }
    guard let sets = list.sets else {
      return ListSource(folder: list.folder, paths: PathTable(list.lines), options: options)
    }
    return try openSource(at: sets, options: options, shardIndex: place.shardIndex)
  }

  /// What a list names where that is shards, arrays or folders; nil where it is images, or the place is no list.
  static func listedSets(at place: SourcePlace) throws(DatasetError) -> DataPaths? { try List(place)?.sets }
}

/// The lines of a text file that lists files.
private struct List {
  let lines: [ArraySlice<UInt8>]
  /// Where paths begin that do not begin with a slash.
  let folder: String

  /// - Parameter open: the lists that led here.
  init?(_ place: SourcePlace, through open: Set<FileStatus.Identity> = []) throws(DatasetError) {
    guard !place.isFolder, !place.isPacked, isNamedAsList(place.path) else { return nil }
    let file = try RandomAccessFile(path: place.path)
    let content = try file.read(0..<file.size)
    let separator: UInt8 = content.contains(0) ? 0 : UInt8(ascii: "\n")
    lines = content.split(separator: separator).map { line in
      separator != 0 && line.last == UInt8(ascii: "\r") ? line.dropLast() : line
    }.filter { !$0.isEmpty }
    guard let first = lines.first else { throw .notADataset(path: place.path, reason: "the list is empty") }
    folder = place.path.lastIndex(of: "/").map { String(place.path[..<$0]) } ?? "."
    try Self.requireExistence(of: first, in: folder, list: place.path)
    try requireAnEnd(place.path, through: open)
  }

  /// The shards, arrays or folders that are listed; nil where every line is named as an image.
  var sets: DataPaths? {
    guard !lines.allSatisfy(isNamedAsImage) else { return nil }
    return DataPaths(
      lines.map { line in
        let path = String(decoding: line, as: UTF8.self)
        return path.hasPrefix("/") ? path : "\(folder)/\(path)"
      })
  }

  /// A list may list others, and none that leads back to it: opening them would have no end.
  private func requireAnEnd(
    _ path: String, through open: Set<FileStatus.Identity>
  ) throws(DatasetError) {
    guard let own = try? FileStatus(path).identity else { return }
    for listed in sets?.all ?? [] where isNamedAsList(listed) {
      guard let status = try? FileStatus(listed), status.kind == .regular else { continue }
      guard status.identity != own, !open.contains(status.identity) else {
        throw .notADataset(
          path: path, reason: "it lists \(escaped(listed)), which leads back to it; take that line out")
      }
      _ = try List(try SourcePlace(listed), through: open.union([own]))
    }
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

private func isNamedAsList(_ path: String) -> Bool { ListSource.endings.contains { path.lowercased().hasSuffix($0) } }

/// Arrays may hold one image or many; a list of them is one of data sets.
private func isNamedAsImage(_ path: ArraySlice<UInt8>) -> Bool {
  ImageKind.endings.contains { $0 != ".npy" && endsIgnoringCase(path, with: Array($0.utf8)) }
}
