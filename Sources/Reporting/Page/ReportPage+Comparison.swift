/// Several runs beside one another.
extension ReportPage {
  /// A card a run, in the colour of its curves.
  var comparedRuns: String {
    let cards = runs.enumerated().map { index, run in
      let findings = run.findings.map {
        "<li class=\"\($0.level.rawValue)\"><p>\(HTMLText.escaped($0.sentence))</p></li>"
      }
      return """
        <article class="panel run c\(index % Self.colors)">
        <div class="title"><h2>\(HTMLText.breakable(run.name))</h2><span class="badge \(run.state.word)">\(run.state.word)</span></div>
        <p class="note">\(HTMLText.escaped(run.headline))</p>
        \(Self.list(run.figures))
        <ul class="health">\(findings.joined())</ul>
        </article>
        """
    }
    return "<section><div class=\"grid\">\n\(cards.joined(separator: "\n"))\n</div></section>"
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
