import Files
import Foundation
import Fuzzing
import TemporaryFiles
import Testing

/// Every format that is read from files of unknown origin, damaged at random. `launch/soak fuzz` looks deeper.
@Suite struct MutationTests {
  /// Files that are right, in the folders of the tests of who reads them.
  static func seeds(of target: FuzzTarget) throws -> [[UInt8]] {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    func files(_ folder: String, where isSeed: (String) -> Bool) throws -> [[UInt8]] {
      let root = tests.appendingPathComponent(folder)
      return try FileManager.default.contentsOfDirectory(atPath: root.path).filter(isSeed).sorted()
        .map { [UInt8](try Data(contentsOf: root.appendingPathComponent($0))) }
    }
    let (images, data) = ("ImagingTests/Fixtures", "DatasetsTests/Fixtures")
    switch target {
    case .jpeg: return try files(images) { $0.hasSuffix(".jpg") }
    case .png: return try files(images) { $0.hasSuffix(".png") }
    case .webp: return try files(images) { $0.hasSuffix(".webp") }
    case .tiff: return try files(images) { $0.hasSuffix(".tif") }
    case .npy: return try files(images) { $0.hasSuffix(".npy") } + files(data) { $0.hasSuffix(".npy") }
    case .tar: return try files(data) { $0.hasSuffix(".tar") }
    case .idx: return try files(data) { $0.contains("images-idx3") }
    case .safetensors: return try files("SafetensorsTests/Fixtures") { $0.hasSuffix(".safetensors") }
    case .yaml: return try files("../configs") { $0.hasSuffix(".yaml") } + [yaml]
    case .cifar: return [(0..<2 * 3073).map { UInt8(truncatingIfNeeded: $0 &* 37) }]
    }
  }

  private static let yaml = Array(
    """
    width: 12  # a comment
    rate: 2.5e-1
    name: "a \\u00e9 b"
    means: [0.1, 0.2,
      0.3]
    limit: ~
    inner: {is_on: true}
    """.utf8)

  @Test(arguments: FuzzTarget.allCases) func twoThousandDamagedFilesDoNoHarm(target: FuzzTarget) throws {
    let folder = try TemporaryDirectory()
    let seeds = try Self.seeds(of: target)
    var random = Mutations(seed: 20_261_128)
    for number in 0..<2000 { target.read(random.mutated(seeds[number % seeds.count]), folder: folder.path) }
  }

  /// What fuzzing found, named by its format.
  @Test(arguments: FuzzTarget.allCases) func whatWasFoundDoesNoHarm(target: FuzzTarget) throws {
    let folder = try TemporaryDirectory()
    let fixtures = Bundle.module.bundleURL.appendingPathComponent("Fixtures")
    for name in try FileManager.default.contentsOfDirectory(atPath: fixtures.path)
    where name.hasPrefix("\(target.rawValue)-") {
      target.read([UInt8](try Data(contentsOf: fixtures.appendingPathComponent(name))), folder: folder.path)
    }
  }
}

/// Damage as disks, networks and wicked people make it, the same in each run.
struct Mutations {
  /// SplitMix64.
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  private mutating func next(below limit: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return Int((mixed ^ mixed >> 31) % UInt64(limit))
  }

  /// The bytes with up to eight changes: bytes and numbers overwritten, pieces cut out and doubled, the end cut off. Half of
  /// them lie at the beginning, where most of what can be asked for stands.
  mutating func mutated(_ seed: [UInt8]) -> [UInt8] {
    var bytes = seed
    for _ in 0...next(below: 8) where !bytes.isEmpty {
      let limit = next(below: 2) == 0 ? min(bytes.count, 256) : bytes.count
      let place = next(below: limit)
      let length = min(1 + next(below: 32), bytes.count - place)
      switch next(below: 10) {
      case 0: bytes.removeSubrange(place..<place + length)
      case 1: bytes.insert(contentsOf: bytes[place..<place + length], at: place)
      case 2: bytes.removeLast(bytes.count - place)
      case 3: for index in place..<min(place + 4, bytes.count) { bytes[index] = [0, 0x7F, 0x80, 0xFF][next(below: 4)] }
      default: bytes[place] = UInt8(next(below: 256))
      }
    }
    return bytes
  }
}
