import Foundation
import Imaging

/// The images of one archive and their labels, by WebDataset's rules: a member's key is its path up to the first dot of its
/// last part, what follows is the kind of member, and members of one key belong together wherever they lie.
struct TarSamples: Sendable, Equatable {
  /// In the order in which their keys come first.
  private(set) var images: [TarMember] = []
  /// Of each image, as it is written; empty where no member is a label.
  private(set) var labels: [String?] = []
  private(set) var otherMembers = 0
  /// Keys of more than one image, of which the first is taken.
  private(set) var keysOfSeveralImages = 0
  private(set) var keysWithoutImage = 0

  private struct Entry {
    var image: TarMember?
    var imageCount = 0
    var label: String?
  }

  /// What was read before.
  init(
    images: [TarMember], labels: [String?], otherMembers: Int, keysOfSeveralImages: Int, keysWithoutImage: Int
  ) {
    (self.images, self.labels) = (images, labels)
    (self.otherMembers, self.keysOfSeveralImages) = (otherMembers, keysOfSeveralImages)
    self.keysWithoutImage = keysWithoutImage
  }

  init(_ file: RandomAccessFile) throws(DatasetError) {
    var reader = TarReader(file)
    var places: [ArraySlice<UInt8>: Int] = [:]
    var entries: [Entry] = []
    while let member = try reader.next() {
      guard let (key, kind) = Self.parts(member.name) else {
        otherMembers += 1
        continue
      }
      let isImage = ImageKind.endings.contains { ".\(kind)".hasSuffix($0) }
      guard isImage || kind == "cls" || kind == "json" else {
        otherMembers += 1
        continue
      }
      let place = places[key] ?? entries.count
      if place == entries.count {
        places[key] = place
        entries.append(Entry())
      }
      if isImage {
        entries[place].imageCount += 1
        if entries[place].image == nil { entries[place].image = member }
      } else if entries[place].label == nil || kind == "cls" {
        entries[place].label = try Self.label(reader.start(of: member, count: 1 << 16), kind) ?? entries[place].label
      }
    }
    collect(entries)
  }

  private mutating func collect(_ entries: [Entry]) {
    for entry in entries {
      guard let image = entry.image else {
        keysWithoutImage += 1
        continue
      }
      images.append(image)
      labels.append(entry.label)
      if entry.imageCount > 1 { keysOfSeveralImages += 1 }
    }
    if labels.allSatisfy({ $0 == nil }) { labels = [] }
  }

  /// Key and kind of a member; nil where its last part begins with a dot, as the members that macOS adds, or has none.
  static func parts(_ name: [UInt8]) -> (key: ArraySlice<UInt8>, kind: String)? {
    let start = (name.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1
    guard let dot = name[start...].firstIndex(of: UInt8(ascii: ".")), dot > start else { return nil }
    return (name[..<dot], String(decoding: name[(dot + 1)...], as: UTF8.self).lowercased())
  }

  /// The text of a `.cls` member, or what a `.json` member has under `label`, `cls` or `class`.
  private static func label(_ bytes: [UInt8], _ kind: String) -> String? {
    if kind == "cls" {
      let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      return text.isEmpty ? nil : text
    }
    guard let object = (try? JSONSerialization.jsonObject(with: Data(bytes))) as? [String: Any] else { return nil }
    switch ["label", "cls", "class"].lazy.compactMap({ object[$0] }).first {
    case let text as String: return text
    case let number as NSNumber: return number.stringValue
    default: return nil
    }
  }
}
