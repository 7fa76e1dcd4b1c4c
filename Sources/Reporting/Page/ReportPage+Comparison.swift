/// Several runs beside one another.
extension ReportPage {
  /// What each run is called here: as many of the last parts of its path as it takes to tell it from the others.
  var names: [String] {
    let paths = runs.map(\.pathParts)
    return paths.map { path in
      let counts = 1...max(1, path.count)
      let count = counts.first { count in
        paths.count { $0.suffix(count).elementsEqual(path.suffix(count)) } == 1
      }
      // The same path may be named twice.
      return path.suffix(count ?? 1).joined(separator: "/")
    }
  }

  /// A card a run, in the colour of its curves.
  var comparedRuns: String {
    let cards = zip(runs, names).enumerated().map { index, named in
      let (run, name) = named
      return """
        <article class="panel run \(CurveStyle.name(index))">
        <div class="title"><h2>\(HTMLText.breakable(name))</h2><span class="badge \(run.state.word)">\(run.state.word)</span></div>
        <p class="note">\(HTMLText.escaped(run.headline))</p>
        \(Self.list(run.figures))
        \(Self.list(run.findings))
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
    let heads = self.names.map { "<th>\(HTMLText.escaped($0))</th>" }
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
