import Foundation

/// What a page has beside curves.
extension ReportPage {
  var galleries: String {
    guard let last = run.galleries.last else { return "" }
    let images = run.galleries.enumerated().map { index, image in
      let caption = HTMLText.escaped(image.caption)
      let hidden = index == run.galleries.count - 1 ? "" : " hidden"
      return "<img alt=\"\(caption)\" src=\"data:image/png;base64,\(Data(image.png).base64EncodedString())\"\(hidden)>"
    }
    let slider =
      run.galleries.count > 1
      ? """
      <div class="slider"><input type="range" min="0" max="\(run.galleries.count - 1)" value="\(run.galleries.count - 1)" \
      aria-label="epoch of the reconstructions"><output>\(HTMLText.escaped(last.caption))</output></div>
      """ : "<p class=\"note\">\(HTMLText.escaped(last.caption))</p>"
    return """
      <section class="galleries">
      <h2>Reconstructions</h2>
      \(slider)
      <div class="panel scroll">
      \(images.joined(separator: "\n"))
      </div>
      </section>
      """
  }

  /// An epoch a row; in long runs some of them, spread evenly.
  var epochTable: String {
    guard let losses = run.history.epochs["mean_loss"], !losses.bins.isEmpty else { return "" }
    let names = ["mean_loss"] + run.history.evaluationNames + ["epoch_seconds"].filter { run.history.epochs[$0] != nil }
    let heads = names.map {
      "<th class=\"number\">\(HTMLText.escaped($0 == "epoch_seconds" ? "Time" : Title.of($0)))</th>"
    }
    let stepsPerEpoch = Double(run.history.stepsPerEpoch ?? 1)
    let rows = losses.bins.map { bin in
      let cells = names.map { name in
        let value = run.history.epochs[name]?.bins.first { $0.first <= bin.last && bin.last <= $0.last }?.mean
        return "<td class=\"number\">\(value.map(Quantity(of: name).words) ?? "")</td>"
      }
      let epoch = ProgressFormat.epochs(bin.last / stepsPerEpoch, shortened: true)
      return "<tr><td class=\"number\">\(run.history.stepsPerEpoch == nil ? "" : epoch)</td>"
        + "<td class=\"number\">\(Quantity.whole(bin.last))</td>\(cells.joined())</tr>"
    }
    return """
      <section>
      <h2>Epochs</h2>
      <details><summary>\(rows.count == 1 ? "1 row" : "\(rows.count) rows")</summary>
      <div class="scroll"><table class="numbers"><thead><tr><th class="number">Epoch</th><th class="number">Step</th>\(heads.joined())</tr></thead>
      <tbody>
      \(rows.joined(separator: "\n"))
      </tbody></table></div></details>
      </section>
      """
  }

  /// What happened, the latest first. Checkpoints and starts are many and say little: they stand apart.
  var eventTable: String {
    let quiet: Set<String> = ["checkpoint", "data", StartRecord.event]
    let history = run.history
    let loud = history.events.filter { !quiet.contains($0.event) }.suffix(RunHistory.eventLimit)
    let loudCount = history.eventCounts.filter { !quiet.contains($0.key) }.values.reduce(0, +)
    let checkpoints = history.eventCounts["checkpoint"] ?? 0
    let last = history.events.last { $0.event == "checkpoint" }
    let saved =
      last.map {
        "\(ProgressFormat.count(checkpoints, "checkpoint")) written, the last after step \(Quantity.grouped($0.step))"
          + ($0.values["seconds"]?.double.map { " in \(Quantity.duration($0))" } ?? "") + "."
      } ?? "No checkpoint has been written yet."
    let begun = history.eventCounts[StartRecord.event].map { $0 > 1 ? " The run was started \($0) times." : "" } ?? ""
    guard history.eventCount > 0 else { return "" }
    let rows = loud.reversed().map { line in
      "<tr><td class=\"number\">\(Quantity.grouped(line.step))</td>"
        + "<td>\(HTMLText.escaped(EventWords.name(of: line)))</td>"
        + "<td>\(HTMLText.breakable(EventWords.details(of: line)))</td></tr>"
    }
    let left = loudCount - loud.count
    let note =
      left > 0
      ? "<p class=\"note\">The last \(loud.count) of \(Quantity.grouped(loudCount)); log.jsonl has all.</p>" : ""
    let table =
      rows.isEmpty
      ? ""
      : """
      <table class="events"><thead><tr><th class="number">Step</th><th>Event</th><th>Details</th></tr></thead>
      <tbody>
      \(rows.joined(separator: "\n"))
      </tbody></table>
      """
    return """
      <section>
      <h2>Events</h2>
      <p>\(saved)\(begun)</p>
      \(note)\(table)
      </section>
      """
  }

  var settingsTables: String {
    guard !run.settings.isEmpty else { return "" }
    let changed = run.history.changedSettings
    let own = run.settings.filter { changed.contains($0.name) }
    let rest = run.settings.filter { !changed.contains($0.name) }
    let differing = own.isEmpty ? "" : "<div class=\"settings\">\(own.map(row).joined(separator: "\n"))</div>"
    let title = own.isEmpty ? "All settings" : "\(rest.count) more settings, left at their defaults"
    return """
      <section>
      <h2>Configuration</h2>
      \(differing)
      <details\(own.isEmpty ? " open" : "")><summary>\(title)</summary>
      <div class="settings">\(rest.map(row).joined(separator: "\n"))</div></details>
      </section>
      """
  }

  private func row(_ setting: RunSetting) -> String {
    "<div><code>\(HTMLText.breakable(setting.name))</code><code>\(HTMLText.breakable(setting.value))</code>"
      + "<span>\(HTMLText.escaped(setting.documentation))</span></div>"
  }

  var environment: String {
    let values = run.history.start.filter { !StartRecord.ownNames.contains($0.key) }.sorted { $0.key < $1.key }
    guard !values.isEmpty else { return "" }
    let rows = [("Directory", run.path)] + values.map { (Title.of($0.key), $0.value.shown) }
    let items = rows.map { "<div><span>\(HTMLText.escaped($0.0))</span><code>\(HTMLText.breakable($0.1))</code></div>" }
    return """
      <section>
      <h2>Environment</h2>
      <div class="settings narrow">\(items.joined(separator: "\n"))</div>
      </section>
      """
  }
}

extension RunHistory {
  /// The names of the settings that are not what they are unless they are given.
  var changedSettings: Set<String> {
    guard case .list(let names)? = start["changed_settings"] else { return [] }
    return Set(names.compactMap { if case .text(let name) = $0 { name } else { nil } })
  }
}

/// The log's events for people.
enum EventWords {
  private static let names = [
    "resume": "went on from a checkpoint", "bad_sample": "an image was replaced", "rollback": "went back",
    "non_finite": "a step was not finite", "checkpoint_failed": "a checkpoint could not be written",
    "parameters_differ": "ranks had different parameters", "console_lost": "the console cannot be written to",
  ]

  static func name(of line: LogLine) -> String {
    if let ending = EndRecord(line)?.ending {
      switch ending {
      case .completed: return "finished"
      case .stopped: return "stopped on request"
      case .failed: return "ended by an error"
      }
    }
    return names[line.event] ?? line.event.replacing("_", with: " ")
  }

  static func details(of line: LogLine) -> String {
    if line.values.count == 1, case .text(let reason)? = line.values["reason"] { return reason }
    let values = line.values.filter { $0.key != "outcome" }
    if values.count == 1, case .text(let reason)? = values["reason"] { return reason }
    return values.sorted { $0.key < $1.key }.map { name, value in
      "\(Title.of(name).lowercased()) \(value.double.map(Quantity(of: name).words) ?? value.shown)"
    }.joined(separator: ", ")
  }
}

extension LogValue {
  /// For people: text without quotes.
  var shown: String {
    switch self {
    case .text(let text): text
    case .integer(let value): Quantity.grouped(value)
    case .number(let value): Quantity.plain(value)
    case .boolean(let value): value ? "yes" : "no"
    case .list(let values): values.map(\.shown).joined(separator: ", ")
    case .null: "nothing"
    }
  }
}
