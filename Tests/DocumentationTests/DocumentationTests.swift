import Foundation
import MPILaunch
import TemporaryFiles
import Testing

/// What the README and the pages of the catalogue say is done, so that it stays true.
@Suite(.serialized, .timeLimit(.minutes(5))) struct DocumentationTests {
  private static let root = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL

  /// A block of commands.
  struct Block {
    let page: String
    /// `sh`: it is run. `console`: it is looked at.
    let language: String
    let text: String
  }

  private static func pages() throws -> [URL] {
    let catalogue = root.appending(path: "Sources/mae/Documentation.docc")
    let names = try FileManager.default.contentsOfDirectory(atPath: catalogue.path).filter { $0.hasSuffix(".md") }
    return [root.appending(path: "README.md")] + names.sorted().map { catalogue.appending(path: $0) }
  }

  private static func blocks() throws -> [Block] {
    try pages().flatMap { page in
      try String(contentsOf: page, encoding: .utf8).matches(of: /(?m)^```(sh|console)\n((?:.|\n)*?)^```/).map {
        Block(page: page.lastPathComponent, language: String($0.1), text: String($0.2))
      }
    }
  }

  /// A folder in which the commands of a page work: images in the place of /data/photos, and a program `mae` that trains what
  /// it is told, but a small model and for few steps.
  private func prepareFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(path: "pages-\(UUID().uuidString)")
    let files = FileManager.default
    for name in ["photos", "bin"] {
      try files.createDirectory(at: folder.appending(path: name), withIntermediateDirectories: true)
    }
    let images = Self.root.appending(path: "Tests/TrainingTests/Fixtures")
    for copy in 0..<8 {
      for image in 0..<5 {
        try files.copyItem(
          at: images.appending(path: "waves\(image).jpg"), to: folder.appending(path: "photos/\(copy)-\(image).jpg"))
      }
    }
    for name in ["configs", "launch"] {
      try files.createSymbolicLink(
        at: folder.appending(path: name), withDestinationURL: Self.root.appending(path: name))
    }
    let small = [
      "train.batch_size=4", "train.steps=4", "train.epochs=2", "train.warmup_epochs=0.1", "parallel.virtual_workers=2",
      "parallel.threads=1", "model.encoder={width: 16, depth: 1, heads: 2}",
      "model.decoder={width: 16, depth: 1, heads: 2}",
    ]
    let program = """
      #!/bin/bash
      case "$1 ${2:-}" in
        pretrain* | "config check") exec "\(try MPILaunch.builtProgram("mae"))" "$@" \(small.map { "--set '\($0)'" }.joined(separator: " ")) ;;
        *) exec "\(try MPILaunch.builtProgram("mae"))" "$@" ;;
      esac

      """
    let path = folder.appending(path: "bin/mae")
    try program.write(to: path, atomically: true, encoding: .utf8)
    try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path.path)
    return folder
  }

  /// The blocks of a page one after another, as a reader would type them.
  @Test func blocksOfCommandsWork() throws {
    let all = try Self.blocks().filter { $0.language == "sh" }
    #expect(Set(all.map(\.page)).count >= 6)
    for page in Set(all.map(\.page)).sorted() {
      let folder = try prepareFolder()
      defer { try? FileManager.default.removeItem(at: folder) }
      let text = all.filter { $0.page == page }.map(\.text).joined()
        .replacing("/data/photos", with: "\(folder.path)/photos")
      let script = "set -eu; cd \"$0\"; PATH=\"$0/bin:$PATH\"\nset -x\n\(text)"
      let outcome = try MPILaunch.run("/bin/bash", ["-c", script, folder.path], ranks: nil, deadlineSeconds: 120)
      #expect(outcome.exitCode == 0, "\(page): \(outcome.errorOutput.suffix(2000))")
    }
  }

  /// Of what is run nowhere here (several hosts, a queue, a large data set) and of what stands in sentences, each command and
  /// each option is one that the program or the launcher knows.
  @Test func whatIsNotRunIsKnownToThePrograms() throws {
    var lines = try Self.blocks().filter { $0.language == "console" }.flatMap { block in
      block.text.replacing("\\\n", with: " ").split(separator: "\n").map { (page: block.page, line: String($0)) }
    }
    for page in try Self.pages() {
      let text = try String(contentsOf: page, encoding: .utf8).replacing(/(?m)^```(?:.|\n)*?^```/, with: "")
      lines += text.matches(of: /`((?:mae|launch\/[a-z.-]+) [^`]*)`/).map { (page.lastPathComponent, String($0.1)) }
    }
    #expect(lines.count > 40)
    var helps: [[String]: String] = [:]
    for (page, line) in lines {
      let words = line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\n" }.map(String.init)
      guard let first = words.first else { continue }
      guard let start = words.firstIndex(where: { $0 == "mae" || $0.hasPrefix("launch/") }) else {
        #expect(["export", "swift"].contains(first), "\(page): what is \(first)?")
        continue
      }
      let command = words[start]
      // Launchers read their options themselves, and hand those of the command behind them on: mae pretrain, if none is named.
      let behind = words[(start + 1)...]
      let handedOn = behind.firstIndex(of: "--").map { behind[($0 + 1)...] } ?? behind
      let path =
        command == "mae"
        ? Array(behind.prefix { $0.contains(/^[a-z-]+$/) && !$0.hasPrefix("-") })
        : [handedOn.first == "finetune" ? "finetune" : "pretrain"]
      if helps[path] == nil {
        let outcome = try MPILaunch.run(try MPILaunch.builtProgram("mae"), path + ["--help"], ranks: nil)
        #expect(outcome.exitCode == 0, "\(page): \(line): \(outcome.errorOutput)")
        helps[path] = outcome.output
      }
      var known = helps[path]!
      if command != "mae" {
        let file = Self.root.appending(path: command)
        known += try String(contentsOf: file, encoding: .utf8)
        #expect(FileManager.default.isExecutableFile(atPath: file.path), "\(page): \(command)")
      }
      let options = Set(known.matches(of: /--[a-z][a-z0-9-]*/).map { String($0.0) })
      for option in words[start...] where option.hasPrefix("--") && option != "--" {
        #expect(options.contains(String(option.prefix { $0 != "=" })), "\(page): \(line)")
      }
    }
  }

  /// Links of pages to pages, and of the README to pages.
  @Test func linksLeadSomewhere() throws {
    let names = Set(try Self.pages().map { $0.deletingPathExtension().lastPathComponent })
    for page in try Self.pages() {
      let text = try String(contentsOf: page, encoding: .utf8)
      for link in text.matches(of: /<doc:(\w+)>/) {
        #expect(names.contains(String(link.1)), "\(page.lastPathComponent): \(link.0)")
      }
      for link in text.matches(of: /\]\((?!http)([^)#]+)\)/) {
        let target = page.deletingLastPathComponent().appending(path: String(link.1)).path
        #expect(FileManager.default.fileExists(atPath: target), "\(page.lastPathComponent): \(link.1)")
      }
    }
    let overview = try String(
      contentsOf: Self.pages().first { $0.lastPathComponent == "Documentation.md" }!, encoding: .utf8)
    for name in names.subtracting(["README", "Documentation"]) {
      #expect(overview.contains("<doc:\(name)>"), "\(name) is in no list of pages")
    }
  }

  @Test func thePictureOfTheModulesIsAsTheImportsAre() throws {
    let script = Self.root.appending(path: "Tests/DocumentationTests/draw_modules.py").path
    let outcome = try MPILaunch.run("/usr/bin/python3", [script, Self.root.path, "--check"], ranks: nil)
    #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
  }

  /// The version that README and manifest name is the one that launch/install asks for, and an older one is refused.
  @Test func theToolchainIsTheOneThatIsAskedFor() throws {
    let script = Self.root.appending(path: "launch/install")
    let asked = try #require(
      try String(contentsOf: script, encoding: .utf8).firstMatch(of: /(?m)^needed=([\d.]+)$/)?.1)
    for (file, sentence) in [
      ("README.md", "of version \(asked) or later"), ("Package.swift", "// swift-tools-version: \(asked)\n"),
    ] {
      #expect(try String(contentsOf: Self.root.appending(path: file), encoding: .utf8).contains(sentence), "\(file)")
    }
    let folder = try TemporaryDirectory()
    let older = "\(folder.path)/swift"
    try Data("#!/bin/sh\necho 'Swift version 6.1 (swift-6.1-RELEASE)'\n".utf8).write(to: URL(filePath: older))
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: older)
    let path = SpawnedProcess.inheritedEnvironment["PATH"] ?? ""
    let outcome = try MPILaunch.run(script.path, [], ranks: nil, environment: ["PATH": "\(folder.path):\(path)"])
    #expect(outcome.exitCode == 1)
    #expect(
      outcome.errorOutput.hasPrefix("launch/install: \(older) is version 6.1, and SwiftMAE needs \(asked) or later; "),
      "\(outcome.errorOutput)")
  }
}
