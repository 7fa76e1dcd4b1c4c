/// Several runs beside one another.
extension ReportPage {
  var comparedRuns: String {
    let evaluations = Set(runs.flatMap(\.history.evaluationNames)).filter { !BaselineName.isBaseline($0) }.sorted()
    let heads = (["Loss"] + evaluations.map(Title.of) + ["Images a second", "Time"]).map {
      "<th class=\"number\">\(HTMLText.escaped($0))</th>"
    }
    let rows = runs.enumerated().map { index, run in
      let history = run.history
      let loss = history.steps["loss"]?.recentMean().map(Quantity.loss.words)
      let figures = evaluations.map { name in history.epochs[name]?.last.map(Quantity(of: name).words) }
      let pace = history.recentImagesPerSecond.map(Quantity.plain)
      let cells = ([loss] + figures + [pace, Quantity.duration(history.trainingSeconds)]).map {
        "<td class=\"number\">\($0 ?? "")</td>"
      }
      return "<tr><td><span class=\"key c\(index % 6)\"><i></i></span>\(HTMLText.escaped(run.name))</td>"
        + "<td class=\"\(run.state.word)\">\(run.state.word)</td>"
        + "<td class=\"number\">\(Quantity.grouped(history.lastStep))</td>\(cells.joined())"
        + "<td>\(HTMLText.escaped(run.findings.first?.sentence ?? ""))</td></tr>"
    }
    return """
      <section>
      <div class="scroll"><table><thead><tr><th>Run</th><th>State</th><th class="number">Step</th>\(heads.joined())<th>Health</th></tr></thead>
      <tbody>
      \(rows.joined(separator: "\n"))
      </tbody></table></div>
      </section>
      """
  }

  /// The settings in which they differ.
  var comparedSettings: String {
    var names: [String] = []
    var seen: Set<String> = []
    for name in runs.flatMap({ $0.settings.map(\.name) }) where seen.insert(name).inserted { names.append(name) }
    let differing = names.filter { name in Set(runs.map { $0.value(of: name) }).count > 1 }
    guard !differing.isEmpty else {
      return "<section><h2>Configuration</h2><p>All settings are the same.</p></section>"
    }
    let heads = runs.map { "<th>\(HTMLText.escaped($0.name))</th>" }
    let rows = differing.map { name in
      let cells = runs.map { "<td><code>\(HTMLText.breakable($0.value(of: name) ?? "not known"))</code></td>" }
      return "<tr><td><code>\(HTMLText.breakable(name))</code></td>\(cells.joined())</tr>"
    }
    return """
      <section>
      <h2>Settings that differ</h2>
      <div class="scroll"><table><thead><tr><th></th>\(heads.joined())</tr></thead>
      <tbody>
      \(rows.joined(separator: "\n"))
      </tbody></table></div>
      </section>
      """
  }
}
