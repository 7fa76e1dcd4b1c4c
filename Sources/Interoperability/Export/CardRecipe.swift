import Configuration
import Training

/// The part of a configuration that says how a model was trained, as YAML that `mae config check` reads: without paths,
/// and without what belongs to the machine that it ran on.
func cardRecipe(_ configuration: some TaskConfiguration) -> String {
  let isLocal = { (path: String) in
    ["watchdog.", "checkpoint."].contains { path.hasPrefix($0) }
      || ["data.path", "validation.path", "data.workers", "parallel.threads", "train.time_limit"].contains(path)
  }
  var lines: [String] = []
  var open: ArraySlice<Substring> = []
  for entry in configuration.entries where !isLocal(entry.path.description) {
    let names = entry.path.description.split(separator: ".")
    let sections = names.dropLast()
    let shared = zip(open, sections).prefix { $0 == $1 }.count
    for level in shared..<sections.count { lines.append(indentation(level) + sections[level] + ":") }
    lines.append(indentation(sections.count) + names[sections.count] + ": " + entry.value)
    open = sections
  }
  return lines.joined(separator: "\n")
}

private func indentation(_ level: Int) -> String { String(repeating: "  ", count: level) }
