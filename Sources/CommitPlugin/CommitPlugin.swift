import Foundation
import PackagePlugin

/// Writes `let builtFromCommit` for the program: the commit that its files are of, with a `+` where they have been changed
/// since, and nothing where they are in no clone of Git's or there is no Git.
///
/// It runs again where a commit was made or another one taken, or a source file has changed. What it writes is only written
/// where it differs, so that nothing is compiled without need.
@main
struct CommitPlugin: BuildToolPlugin {
  private static let script = """
    cd "$0" || exit 1
    commit=$(git rev-parse --short=12 HEAD 2>/dev/null) || commit=
    if [ -n "$commit" ] && [ "$(git rev-parse --show-toplevel)" != "$(pwd -P)" ]; then commit=; fi
    if [ -n "$commit" ] && ! git diff --quiet HEAD -- 2>/dev/null; then commit="$commit+"; fi
    text="let builtFromCommit = \\"$commit\\""
    [ "$text" = "$(cat "$1" 2>/dev/null)" ] || echo "$text" >"$1"
    """

  func createBuildCommands(context: PluginContext, target: any Target) -> [Command] {
    let output = context.pluginWorkDirectoryURL.appending(path: "BuiltFromCommit.swift")
    let package = context.package
    let sources = package.targets.compactMap(\.sourceModule).flatMap { $0.sourceFiles.map(\.url) }
    return [
      .buildCommand(
        displayName: "Asking for the commit", executable: URL(filePath: "/bin/sh"),
        arguments: ["-c", Self.script, package.directoryURL.path, output.path],
        inputFiles: sources + [history(of: package.directoryURL)].compactMap { $0 }, outputFiles: [output])
    ]
  }

  /// What Git writes a line to whenever another commit is taken; nil where there is none.
  private func history(of package: URL) -> URL? {
    let entry = package.appending(path: ".git")
    var folder = entry
    // In a work tree beside a clone it is a file that names the folder.
    if let text = try? String(contentsOf: entry, encoding: .utf8), text.hasPrefix("gitdir: ") {
      folder = URL(filePath: text.dropFirst(8).trimmingCharacters(in: .newlines), relativeTo: package)
    }
    let history = folder.appending(path: "logs/HEAD")
    return FileManager.default.fileExists(atPath: history.path) ? history : nil
  }
}
