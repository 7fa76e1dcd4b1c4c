import Files
import Foundation

/// A run as a page or a list shows it: all that its directory tells.
public struct ReportedRun: Sendable {
  /// Its directory.
  public var path: String
  public var history: RunHistory
  public var state: RunState
  public var settings: [RunSetting]
  public var galleries: [GalleryImage]
  public var disk: DiskUse?

  public init(
    path: String, history: RunHistory, state: RunState, settings: [RunSetting] = [], galleries: [GalleryImage] = [],
    disk: DiskUse? = nil
  ) {
    (self.path, self.history, self.state) = (path, history, state)
    (self.settings, self.galleries, self.disk) = (settings, galleries, disk)
  }

  /// - Parameters:
  ///   - showsImages: whether galleries are read and the disk is looked at, which a list does not need.
  ///   - isAlive: whether a process has the directory.
  public init(
    directory: String, showsImages: Bool, isAlive: (RunHistory) -> Bool
  ) throws(ReportingError) {
    let history = try RunHistory(log: "\(directory)/log.jsonl")
    self.init(directory: directory, history: history, isAlive: isAlive(history), showsImages: showsImages)
  }

  /// What cannot be read beside the log is left out: a page of the rest is better than none.
  init(directory: String, history: RunHistory, isAlive: Bool, showsImages: Bool) {
    let yaml = try? readFile("\(directory)/config.yaml")
    self.init(
      path: directory, history: history, state: RunState(history, isAlive: isAlive),
      settings: yaml.map { RunSetting.settings(of: String(decoding: $0, as: UTF8.self)) } ?? [],
      galleries: showsImages ? GalleryImage.all(in: "\(directory)/gallery") : [],
      disk: showsImages ? DiskUse(of: directory) : nil)
  }

  /// The last part of the path; of `.` the folder's own name.
  public var name: String { pathParts.last ?? path }

  /// The folders that the path names, itself the last; of `.` those of the folder's own path.
  var pathParts: [String] {
    let parts = path.split(separator: "/").filter { $0 != "." }
    let named = parts.isEmpty ? FileManager.default.currentDirectoryPath.split(separator: "/") : parts
    return named.map(String.init)
  }

  /// What is wrong or right with it, the worst first.
  public var findings: [HealthFinding] { healthFindings(of: RunFacts(history, settings: settings, state: state)) }

  /// Of a setting, as YAML writes it.
  func value(of setting: String) -> String? { settings.first { $0.name == setting }?.value }
}

/// Reconstructions of the same images after some epoch.
public struct GalleryImage: Hashable, Sendable {
  public var caption: String
  public var png: [UInt8]

  public init(caption: String, png: [UInt8]) {
    (self.caption, self.png) = (caption, png)
  }

  /// The most that a page takes along, in bytes of PNG files: it is sent by mail, and loads itself again and again.
  private static let byteLimit = 12_000_000
  private static let countLimit = 24

  /// Those of a run's folder, in the order of time; of many the last and others, spread evenly.
  static func all(in directory: String) -> [GalleryImage] {
    let names = ((try? listDirectory(directory)) ?? []).compactMap { name -> (epoch: Int, name: String)? in
      GalleryFile.epoch(of: name).map { ($0, name) }
    }.sorted { $0.epoch < $1.epoch }
    let sizes = names.map { (try? fileSize("\(directory)/\($0.name)")) ?? 0 }
    let mean = max(1, sizes.reduce(0, +) / max(1, sizes.count))
    let wanted = max(1, min(countLimit, byteLimit / mean))
    return spread(names, wanted).compactMap { epoch, name in
      guard let png = try? readFile("\(directory)/\(name)"), PNGHeader(png) != nil else { return nil }
      return GalleryImage(caption: "epoch \(epoch)", png: png)
    }
  }

  private static func spread<Element>(_ all: [Element], _ count: Int) -> [Element] {
    guard all.count > count else { return all }
    guard count > 1 else { return Array(all.suffix(1)) }
    return (0..<count).map { all[$0 * (all.count - 1) / (count - 1)] }
  }
}

/// What a run takes of its file system.
public struct DiskUse: Hashable, Sendable {
  /// Of all files of the run.
  public var runBytes: Int
  public var checkpoints: Int
  /// What is left for this user.
  public var freeBytes: Int

  /// Nil where the system does not say.
  init?(of directory: String) {
    guard let space = try? FileSystemSpace(of: directory) else { return nil }
    freeBytes = space.availableBytes
    (runBytes, checkpoints) = (0, 0)
    for path in [directory, "\(directory)/gallery"] { runBytes += Self.bytes(of: path) }
    let store = "\(directory)/checkpoints"
    for name in (try? listDirectory(store)) ?? [] {
      runBytes += Self.bytes(of: "\(store)/\(name)")
      if name.hasPrefix("step-") { checkpoints += 1 }
    }
  }

  /// Of the files in a folder, without those of its folders.
  private static func bytes(of directory: String) -> Int {
    ((try? listDirectory(directory)) ?? []).reduce(0) { sum, name in
      let path = "\(directory)/\(name)"
      guard (try? fileKindFollowingLinks(path)) == .regular else { return sum }
      return sum + ((try? fileSize(path)) ?? 0)
    }
  }
}
