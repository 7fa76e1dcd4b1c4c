import ArgumentParser
import Configuration
import Files
import Foundation
import Training

private func recipesOrFail() -> Recipes {
  guard let recipes = Recipes() else {
    fail(
      "the recipes that come with the program are neither in ../share/mae/configs beside it nor in a clone around it; run "
        + "launch/install --prefix DIR in a clone", code: 1)
  }
  return recipes
}

extension ConfigCommand {
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the recipes that come with the program.", discussion: "Example: mae config list")

    func run() {
      let recipes = recipesOrFail()
      let width = (recipes.names.map(\.count).max() ?? 0) + 2
      for name in recipes.names {
        print(name.padding(toLength: width, withPad: " ", startingAt: 0) + recipes.purpose(of: name))
      }
    }
  }

  struct Copy: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Copy a recipe, to change it.", discussion: "Example: mae config copy tiny32 --output mine.yaml")

    @Argument(help: ArgumentHelp("One that mae config list names.", valueName: "NAME"))
    var name: String

    @Option(
      name: .long, help: ArgumentHelp("The file to write; NAME.yaml unless given. Must not exist.", valueName: "FILE"))
    var output: String?

    func run() {
      let recipes = recipesOrFail()
      guard recipes.names.contains(name) else {
        let near = nearestName(to: name, among: recipes.names).map { "; did you mean \($0)?" } ?? "."
        fail("there is no recipe \(name)\(near) There are \(recipes.names.joined(separator: ", "))", code: 2)
      }
      let target = output ?? "\(name).yaml"
      do throws(FileError) {
        let bytes = try readFile(recipes.path(of: name))
        try PosixFileSystem().write(target) { write throws(FileError) in
          try bytes.withUnsafeBufferPointer { (bytes: UnsafeBufferPointer<UInt8>) throws(FileError) in
            try write(UnsafeRawBufferPointer(bytes))
          }
        }
      } catch {
        fail(
          error.isAlreadyThere
            ? "\(escaped(target)) exists already and is not overwritten; name another with --output" : "\(error)",
          code: error.isAlreadyThere ? 2 : 1)
      }
      remark("wrote \(escaped(target))")
    }
  }

  struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the keys in which two configurations of one command differ.",
      discussion: """
        Of a configuration alone, what is not as in the paper. Files are compared as they are resolved: what one leaves out \
        has its default.

        Example: mae config diff configs/vit_base.yaml runs/base/config.yaml
        """)

    @Argument(help: ArgumentHelp("Configurations, or names of recipes.", valueName: "FILE"))
    var files: [String]

    func validate() throws {
      guard (1...2).contains(files.count) else {
        throw ValidationError("mae config diff takes one configuration or two, not \(files.count).")
      }
    }

    func run() {
      do throws(ConfigurationError) {
        var told: [ToldTask] = []
        for file in files { told.append(try ToldTask(ConfigurationFile(path(file)))) }
        switch (told[0], told.last!) {
        case (.pretrain(let first), .pretrain(let last)): show(first, last)
        case (.finetune(let first), .finetune(let last)): show(first, last)
        case (.pretrain, .finetune), (.finetune, .pretrain):
          fail(
            "one of the configurations is for mae pretrain and the other for mae finetune; compare two of one command",
            code: 2)
        }
      } catch {
        fail("\(error)", code: 2)
      }
    }

    /// - Parameter last: the first itself, where there is no other.
    private func show<Told: TaskConfiguration>(_ first: Told, _ last: Told) {
      for difference in differences(between: files.count == 1 ? Told() : first, and: last) { print(difference) }
    }

    private func path(_ name: String) -> String {
      guard let recipes = Recipes(), recipes.names.contains(name), (try? fileKindFollowingLinks(name)) == nil else {
        return name
      }
      return recipes.path(of: name)
    }
  }

  struct Schema: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print a JSON schema, by which editors complete keys and mark mistakes.",
      discussion: """
        For an editor that has yaml-language-server, begin a configuration with the line
        # yaml-language-server: $schema=mae.schema.json

        Example: mae config schema > mae.schema.json
        """)

    @Option(name: .long, help: "The command whose configurations it is for.")
    var task = ConfiguredTask.pretrain

    func run() {
      print(schema(of: task.told, title: "A configuration of mae \(task.rawValue)").json)
    }

    private func schema<Told: TaskConfiguration>(of told: Told.Type, title: String) -> JSONValue {
      Told.schema(title: title)
    }
  }
}
