import Files
import Foundation

/// The configurations that come with the program.
struct Recipes {
  /// The folder that they lie in.
  let folder: String

  /// Looks where the program was installed (`PREFIX/bin/mae` has `PREFIX/share/mae/configs`), then in the clone that it was
  /// built in (`.build/…/mae` has `configs` above it).
  ///
  /// - Parameter program: the program's file, links resolved.
  init?(besides program: String = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path) {
    var above = parentDirectory(of: program)
    var candidates = ["\(parentDirectory(of: above))/share/mae/configs"]
    while above != "/", above != "." {
      if (try? fileKindFollowingLinks("\(above)/Package.swift")) == .regular { candidates.append("\(above)/configs") }
      above = parentDirectory(of: above)
    }
    guard let folder = candidates.first(where: { (try? fileKindFollowingLinks($0)) == .directory }) else { return nil }
    self.folder = folder
  }

  /// In alphabetical order, without the ending.
  var names: [String] {
    ((try? listDirectory(folder)) ?? []).filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }
  }

  func path(of name: String) -> String { "\(folder)/\(name).yaml" }

  /// What a recipe is for: the comment in its first line.
  func purpose(of name: String) -> String {
    let text = String(decoding: (try? readFile(path(of: name))) ?? [], as: UTF8.self)
    return text.split(separator: "\n").prefix { $0.hasPrefix("#") }.map {
      $0.dropFirst().trimmingCharacters(in: .whitespaces)
    }
    .joined(separator: " ")
  }
}
