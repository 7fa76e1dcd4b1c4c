import Compute
import Files
import Imaging

/// How a data set is packed into tar shards.
public struct PackingOptions: Sendable {
  /// Images are resized so that their shorter side has so many pixels, where it has more; nil keeps the files as they are.
  public var shorterSide: Int?
  /// Of the JPEG files that resized images of 8 bits become.
  public var quality = 95
  /// A shard is closed before it would be larger.
  public var shardBytes = 1 << 30
  public var threads = 1

  public init() {}
}

/// What came of packing.
public struct PackingResult: Sendable, Equatable {
  public var shards = 0
  public var images = 0
  /// Images of shards that were there from an earlier call.
  public var imagesFoundPacked = 0
  /// What could not be used and is not in any shard.
  public var bad: [BadSample] = []
}

/// Packs every image of a source into tar files by WebDataset's rules: `000000012.jpg`, and `000000012.cls` where images
/// have classes. The numbers are those of the images in the source, so that equal sources become equal bytes on any
/// number of threads.
///
/// A shard takes its name when it is whole. Shards that are there are kept, and packing goes on behind them.
///
/// - Parameter name: the path of a shard by its number, from 0 on.
public func pack(
  _ source: any ImageSource, as name: (Int) -> String, options: PackingOptions
) throws -> PackingResult {
  var members = try PackedMembers(source, options: options)
  var result = PackingResult()
  let fileSystem = PosixFileSystem()
  while try fileKindFollowingLinks(name(result.shards)) == .regular {
    let samples = try TarSamples(RandomAccessFile(path: name(result.shards)))
    guard let last = samples.images.last.flatMap({ PackedMembers.index(of: $0.name) }), last >= members.next else {
      throw DatasetError.notADataset(
        path: name(result.shards), reason: "it is there, but no shard of this packing; name another output")
    }
    members.next = last + 1
    result.imagesFoundPacked += samples.images.count
    result.shards += 1
  }
  while var member = try members.take(&result) {
    let path = name(result.shards)
    let temporary = "\(path).writing"
    // Left by a call that was stopped.
    try fileSystem.removeTree(temporary)
    var failure: (any Error)?
    try fileSystem.write(temporary) { (sink: ByteSink) throws(FileError) in
      var size = 0
      while true {
        try send(member.bytes, to: sink)
        size += member.bytes.count
        result.images += 1
        do {
          guard let following = try members.peek(&result), size + following.bytes.count + 1024 <= options.shardBytes
          else { break }
          _ = try members.take(&result)
          member = following
        } catch {
          failure = error
          break
        }
      }
      try send([UInt8](repeating: 0, count: 2 * TarHeader.blockSize), to: sink)
    }
    if let failure { throw failure }
    try fileSystem.synchronizeFile(temporary)
    try fileSystem.rename(temporary, to: path)
    result.shards += 1
  }
  return result
}

private func send(_ bytes: [UInt8], to sink: ByteSink) throws(FileError) {
  try bytes.withUnsafeBufferPointer { (bytes: UnsafeBufferPointer<UInt8>) throws(FileError) in
    try sink(UnsafeRawBufferPointer(bytes))
  }
}

/// The members of all shards in order, encoded some time ahead on several threads.
private struct PackedMembers {
  /// An image with its label: blocks of a tar file.
  struct Member: Sendable {
    let bytes: [UInt8]
  }

  /// The first image that is not encoded yet.
  var next = 0
  private let source: any ImageSource
  private let options: PackingOptions
  private let pool: WorkerPool
  private var ready: [Member] = []

  init(_ source: any ImageSource, options: PackingOptions) throws(ThreadError) {
    self.source = source
    self.options = options
    pool = try WorkerPool(count: options.threads)
  }

  /// The next member, which stays where it is; nil at the end.
  mutating func peek(_ result: inout PackingResult) throws -> Member? {
    while ready.isEmpty, next < source.count {
      let block = next..<min(next + 16 * pool.count, source.count)
      let (source, options) = (source, options)
      let found = try lookAt(source, block, on: pool) { index, image in
        encode(image, index, of: source, options)
      }
      for outcome in found.reversed() {
        if case .success(let member) = outcome { ready.append(member) }
      }
      for case .failure(let bad) in found { result.bad.append(bad) }
      next = block.upperBound
    }
    return ready.last
  }

  mutating func take(_ result: inout PackingResult) throws -> Member? {
    guard let member = try peek(&result) else { return nil }
    ready.removeLast()
    return member
  }

  static func key(_ index: Int) -> String {
    let digits = String(index)
    return String(repeating: "0", count: max(0, 9 - digits.count)) + digits
  }

  static func index(of name: [UInt8]) -> Int? {
    Int(String(decoding: name.prefix { $0 != UInt8(ascii: ".") }, as: UTF8.self))
  }
}

private func encode(
  _ image: Result<Image, BadSample>, _ index: Int, of source: any ImageSource, _ options: PackingOptions
) -> Result<PackedMembers.Member, BadSample> {
  let name = source.name(of: index)
  do throws(ImagingError) {
    let encoded: EncodedImage
    switch image {
    case .failure(let bad): return .failure(bad)
    case .success(let image):
      let small = image.shrunk(toShorterSide: options.shorterSide)
      if let small {
        encoded = try small.encodedForShard(quality: options.quality, name: name)
      } else if let file = try source.file(at: index) {
        encoded = file
      } else {
        encoded = try image.encodedExactly(name: name)
      }
    }
    let key = PackedMembers.key(index)
    var bytes = TarMember.header(name: key + encoded.ending, size: encoded.bytes.count) + encoded.bytes
    bytes += TarMember.padding(after: encoded.bytes.count)
    if let label = source.label(of: index) {
      let text = Array("\(label)".utf8)
      bytes += TarMember.header(name: key + ".cls", size: text.count) + text + TarMember.padding(after: text.count)
    }
    return .success(PackedMembers.Member(bytes: bytes))
  } catch {
    return .failure(BadSample(index: index, name: name, reason: error.description))
  }
}

extension Image {
  /// The image with a shorter side of `side` pixels; nil where it is not larger, or nobody asked.
  fileprivate func shrunk(toShorterSide side: Int?) -> Image? {
    guard let side, min(width, height) > side else { return nil }
    let (newWidth, newHeight) =
      width <= height ? (side, max(1, height * side / width)) : (max(1, width * side / height), side)
    let output = PlanarImage(
      shape: ImageShape(channels: channels, height: newHeight, width: newWidth), kind: samples.kind)
    var resizer = Resizer()
    resizer.resize(self, into: output.pixels)
    let resized = output.pixels.interleaved()
    return Image(
      width: newWidth, height: newHeight, channels: channels, hasAlpha: hasAlpha, samples: resized.samples)
  }

  /// Photographs as JPEG, what JPEG cannot hold exactly.
  fileprivate func encodedForShard(quality: Int, name: String) throws(ImagingError) -> EncodedImage {
    if case .uint8 = samples, let opaque = hasAlpha ? converted(toChannels: 3) : self, [1, 3].contains(opaque.channels)
    {
      return try opaque.encodedJPEG(quality: quality, name: name)
    }
    return try encodedExactly(name: name)
  }
}
