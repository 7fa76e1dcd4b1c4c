import Files
import Hashing
import Imaging

/// Images in tar files as WebDataset keeps them, several thousand to a shard. Their headers are read once, at start, unless an
/// index has what they say; an image is then read from its place, and nothing is ever unpacked.
public struct TarSource: ImageSource {
  public let kind: String
  public let classNames: [String]
  public let notes: [String]
  public let shape: ImageShape? = nil
  private let files: FilePool
  private let options: DecodingOptions
  /// The first image of each shard, and the count of all.
  private let firsts: [Int]
  private let members: MemberTable
  private let labels: [Int32]

  /// - Parameters:
  ///   - paths: the shards, in the order that their images have.
  ///   - index: what is known of them.
  public init(
    paths: [String], options: DecodingOptions = DecodingOptions(), index: ShardIndex = ShardIndex()
  ) throws(DatasetError) {
    precondition(!paths.isEmpty, "no shards")
    var members = MemberTable()
    var labels: [String?] = []
    var (firsts, sizes) = ([0], [Int]())
    var (others, several, without) = (0, 0, 0)
    for path in paths {
      let (samples, size) = try index.samplesAndSize(of: path)
      for (index, image) in samples.images.enumerated() {
        members.append(image)
        labels.append(samples.labels.isEmpty ? nil : samples.labels[index])
      }
      firsts.append(members.count)
      sizes.append(size)
      others += samples.otherMembers
      several += samples.keysOfSeveralImages
      without += samples.keysWithoutImage
    }
    guard members.count > 0 else {
      throw .notADataset(
        path: paths[0],
        reason: "no member is named as an image: \(ImageKind.endings.map { "*\($0)" }.joined(separator: ", "))")
    }
    kind = paths.count == 1 ? "a tar file" : "\(paths.count) tar files"
    files = FilePool(paths: paths, sizes: sizes)
    self.options = options
    self.firsts = firsts
    self.members = members
    (classNames, self.labels) = classes(of: labels)
    var notes: [String] = []
    if others > 0 { notes.append("passed over \(others) members that are neither images nor labels") }
    if without > 0 { notes.append("passed over \(without) labels without an image") }
    if several > 0 { notes.append("\(several) keys have several images, of which the first is taken") }
    self.notes = notes
  }

  public var count: Int { members.count }

  /// The members' names, places and sizes, and the labels.
  public func identity() -> DataIdentity {
    DataIdentity(count: count) { hash in
      members.feed(hash)
      for first in firsts { hash.update(UInt64(first)) }
      labels.withUnsafeBytes { hash.update($0) }
    }
  }

  public func name(of index: Int) -> String {
    "\(escaped(files.paths[shard(of: index)]))#\(members.name(of: index))"
  }

  public func label(of index: Int) -> Int? { labels.isEmpty ? nil : Int(labels[index]) }

  public func image(at index: Int) throws(DatasetError) -> Image {
    let bytes = try bytes(of: index)
    let name = name(of: index)
    do throws(ImagingError) {
      return try decodeImage(bytes, name: name, options: options)
    } catch {
      throw DatasetError(error, index: index, name: name)
    }
  }

  public func image(at index: Int, _ request: CropRequest) throws(DatasetError) -> CroppedImage {
    let bytes = try bytes(of: index)
    let name = name(of: index)
    do throws(ImagingError) {
      return try decodeImage(bytes, name: name, options: options, request)
    } catch {
      throw DatasetError(error, index: index, name: name)
    }
  }

  private func bytes(of index: Int) throws(DatasetError) -> [UInt8] {
    try files.file(shard(of: index)).read(members.range(of: index))
  }

  public func file(at index: Int) throws(ImagingError) -> EncodedImage? {
    let name = name(of: index)
    do throws(DatasetError) {
      return EncodedImage(try bytes(of: index))
    } catch {
      throw .readFailed(path: name, reason: error.description)
    }
  }

  private func shard(of index: Int) -> Int {
    var (low, high) = (0, firsts.count - 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if firsts[middle] <= index { low = middle } else { high = middle }
    }
    return low
  }
}

/// Where images lie in their shards, and their names one after another in one piece of memory: a member costs the length
/// of its name and 24 bytes.
struct MemberTable: Sendable {
  private var names: [UInt8] = []
  private var nameEnds: [Int] = []
  private var offsets: [Int] = []
  private var sizes: [Int] = []

  var count: Int { offsets.count }

  mutating func append(_ member: TarMember) {
    names.append(contentsOf: member.name)
    nameEnds.append(names.count)
    offsets.append(member.offset)
    sizes.append(member.size)
  }

  func name(of index: Int) -> String {
    escaped(names[(index == 0 ? 0 : nameEnds[index - 1])..<nameEnds[index]])
  }

  func feed(_ hash: ContentHash) {
    names.withUnsafeBytes { hash.update($0) }
    for numbers in [nameEnds, offsets, sizes] { numbers.withUnsafeBytes { hash.update($0) } }
  }

  func range(of index: Int) -> Range<Int> { offsets[index]..<offsets[index] + sizes[index] }
}

/// The classes of labels as they are written: numbers stand for themselves, words for their place among all words. Both
/// are empty unless every image has a label.
func classes(of labels: [String?]) -> (names: [String], labels: [Int32]) {
  guard labels.allSatisfy({ $0 != nil }) else { return ([], []) }
  let texts = labels.map { $0! }
  let numbers = texts.map { Int32($0) }
  if numbers.allSatisfy({ $0.map { (0..<1 << 20).contains($0) } ?? false }) {
    let labels = numbers.map { $0! }
    return (labels.max().map { (0...$0).map(String.init) } ?? [], labels)
  }
  let names = Set(texts).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  let places = Dictionary(uniqueKeysWithValues: zip(names, Int32(0)...))
  return (names, texts.map { places[$0]! })
}

extension TarSource: SourceFormat {
  static func open(_ place: SourcePlace, _ options: DecodingOptions) throws(DatasetError) -> (any ImageSource)? {
    try shards(at: place).map { (paths) throws(DatasetError) in
      try TarSource(paths: paths, options: options, index: place.shardIndex)
    }
  }

  /// The shards in a folder, or the one that the place is; nil where it is something else.
  static func shards(at place: SourcePlace) throws(DatasetError) -> [String]? {
    if place.isFolder {
      let shards = place.names.filter { $0.lowercased().hasSuffix(".tar") }
      if shards.isEmpty, let packed = place.names.first(where: isNamedAsPacked) {
        throw packedTar(place.path(of: packed))
      }
      return shards.isEmpty ? nil : shards.map(place.path(of:))
    }
    guard place.firstBytes.count == TarHeader.blockSize, TarHeader(place.firstBytes[...]) != nil else {
      if isNamedAsPacked(place.path) { throw packedTar(place.path) }
      return nil
    }
    guard !place.isPacked else { throw packedTar(place.path) }
    return [place.path]
  }

  private static func isNamedAsPacked(_ name: String) -> Bool {
    [".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst"].contains { name.lowercased().hasSuffix($0) }
  }

  private static func packedTar(_ path: String) -> DatasetError {
    .notADataset(
      path: path,
      reason:
        "a packed tar file cannot be read at any place; unpack it to a .tar once (gunzip and its like; the images in "
        + "it are packed already)")
  }
}
