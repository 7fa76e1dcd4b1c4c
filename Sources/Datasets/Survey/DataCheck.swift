import Hashing
import Imaging

/// What is wrong or odd with the images of a data set.
public struct DataCheck: Sendable, Equatable, Encodable {
  public struct Finding: Sendable, Equatable, Encodable {
    public let name: String
    public let what: String
  }

  public let imageCount: Int
  /// Images that cannot be used.
  public private(set) var bad: [Finding] = []
  /// Images whose samples are those of an earlier one.
  public private(set) var duplicated: [Finding] = []
  /// Images of one colour.
  public private(set) var constant: [Finding] = []
  /// Images whose shorter side is below 32 pixels, where most others are larger.
  public private(set) var tiny: [Finding] = []
  /// Images of 16 bits that use few levels, mostly because they were made from 8 bits or scaled wrongly.
  public private(set) var fewLevels: [Finding] = []
  /// Images more than four times as long as wide: a crop of the usual shapes leaves most of them out.
  public private(set) var oddlyShaped: [Finding] = []
  /// How many images have which number of channels and kind of samples, for example "3 x uint8".
  public private(set) var kinds: [String: Int] = [:]

  /// Decodes every image of the source.
  public init(_ source: any ImageSource, threads: Int) throws(DatasetError) {
    imageCount = source.count
    var firsts: [String: Int] = [:]
    var small: [Finding] = []
    var findings = Lists()
    try survey(source, threads: threads) { _, image in
      image.map(Look.init)
    } take: { index, look in
      let name = source.name(of: index)
      switch look {
      case .failure(let bad): findings.bad.append(Finding(name: name, what: bad.reason))
      case .success(let look):
        findings.kinds["\(look.channels) x \(look.kind.rawValue)", default: 0] += 1
        if let first = firsts[look.hash] {
          findings.duplicated.append(Finding(name: name, what: "has the samples of \(source.name(of: first))"))
        } else {
          firsts[look.hash] = index
        }
        let size = "\(look.width) x \(look.height) pixels"
        if look.isConstant { findings.constant.append(Finding(name: name, what: "has one colour")) }
        if min(look.width, look.height) < 32 { small.append(Finding(name: name, what: size)) }
        if max(look.width, look.height) > 4 * min(look.width, look.height) {
          findings.oddlyShaped.append(Finding(name: name, what: size))
        }
        if let levels = look.levels, levels <= 256 {
          findings.fewLevels.append(Finding(name: name, what: "uses \(levels) of 65536 levels"))
        }
      }
    }
    (bad, duplicated, constant) = (findings.bad, findings.duplicated, findings.constant)
    (fewLevels, oddlyShaped, kinds) = (findings.fewLevels, findings.oddlyShaped, findings.kinds)
    tiny = 2 * small.count < source.count ? small : []
  }

  private struct Lists {
    var bad: [Finding] = []
    var duplicated: [Finding] = []
    var constant: [Finding] = []
    var fewLevels: [Finding] = []
    var oddlyShaped: [Finding] = []
    var kinds: [String: Int] = [:]
  }
}

/// What one image shows.
private struct Look: Sendable {
  let width: Int
  let height: Int
  let channels: Int
  let kind: SampleKind
  let isConstant: Bool
  /// Different values of a 16-bit image.
  let levels: Int?
  let hash: String

  init(_ image: Image) {
    (width, height, channels, kind) = (image.width, image.height, image.channels, image.samples.kind)
    let hash = ContentHash()
    for size in [width, height, channels] { hash.update(UInt64(size)) }
    var levels: Int?
    switch image.samples {
    case .uint8(let samples):
      samples.withUnsafeBytes { hash.update($0) }
      isConstant = hasOneColor(samples, image.channels)
    case .uint16(let samples):
      samples.withUnsafeBytes { hash.update($0) }
      isConstant = hasOneColor(samples, image.channels)
      var seen = [Bool](repeating: false, count: 65536)
      for sample in samples { seen[Int(sample)] = true }
      levels = seen.count { $0 }
    case .float32(let samples):
      samples.withUnsafeBytes { hash.update($0) }
      isConstant = hasOneColor(samples, image.channels)
    }
    self.levels = levels
    self.hash = hash.hexadecimal
  }
}

private func hasOneColor<Element: Sample>(_ samples: [Element], _ channels: Int) -> Bool {
  (channels..<samples.count).allSatisfy { samples[$0] == samples[$0 - channels] }
}
