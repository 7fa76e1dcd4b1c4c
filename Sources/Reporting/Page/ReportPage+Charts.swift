/// The curves of a page.
extension ReportPage {
  var charts: String {
    guard runs.contains(where: { $0.history.steps["loss"] != nil }) else {
      return "<section><p>The log holds no step yet.</p></section>"
    }
    let small = (evaluationCharts + quantityCharts).filter(\.isDrawable).map(\.html)
    return """
      <section>
      <h2>Curves</h2>
      \(lossChart.html)
      <div class="grid">
      \(small.joined(separator: "\n"))
      </div>
      </section>
      """
  }

  /// What every loss that is no step's is drawn with: over the same images and masks each time, it belongs beside the loss.
  private func isLoss(_ name: String) -> Bool { Quantity(of: name) == .loss }

  private var lossChart: Chart {
    var chart = Chart(
      title: "Loss", quantity: .loss, lines: lines { $0.steps["loss"] }, offersLogarithm: true, isLarge: true,
      name: "loss")
    if !isComparison {
      chart.lines = chart.lines.map { Chart.Line(label: "training", series: $0.series) }
      chart.marks = run.history.seams
      for name in run.history.evaluationNames where isLoss(name) && !BaselineName.isBaseline(name) {
        chart.lines.append(
          Chart.Line(label: Title.of(name), series: run.history.epochs[name]!, place: chart.lines.count))
      }
      chart.levels = run.history.evaluationNames.filter(BaselineName.isBaseline).compactMap { name in
        run.history.epochs[name]?.last.map { Chart.Level(label: Title.of(name), value: $0) }
      }.filter(\.value.isFinite)
      chart.namesSingleLine = true
    }
    return chart
  }

  /// A curve a run.
  private func lines(_ series: (RunHistory) -> Series?) -> [Chart.Line] {
    zip(runs, names).enumerated().compactMap { index, named in
      series(named.0.history).map { Chart.Line(label: named.1, series: $0, place: index) }
    }
  }

  private var evaluationCharts: [Chart] {
    let names = Set(runs.flatMap(\.history.evaluationNames)).filter { !BaselineName.isBaseline($0) }
      .filter { isComparison || !isLoss($0) }.sorted()
    return names.map { name in
      Chart(title: Title.of(name), quantity: Quantity(of: name), lines: lines { $0.epochs[name] })
    }
  }

  /// The numbers of every step, those that are known first, then what a task reports.
  private var quantityCharts: [Chart] {
    let known = [
      ("learning_rate", true), ("gradient_norm", false), ("images_per_second", true), ("data_seconds", true),
      ("resident_mb", true),
    ]
    let others = Set(runs.flatMap(\.history.steps.keys)).subtracting(StepQuantity.names).sorted()
    return others.map { (name: $0, includesZero: false) }.map(chart) + known.map { ($0.0, $0.1) }.map(chart)
  }

  private func chart(_ name: String, _ includesZero: Bool) -> Chart {
    Chart(
      title: Title.of(name), quantity: Quantity(of: name), lines: lines { $0.steps[name] }, includesZero: includesZero)
  }

  /// Where the time of a step goes, over about the last tenth of them.
  var stepTime: String {
    let names = [
      "data_seconds", "forward_seconds", "backward_seconds", "allreduce_seconds", "optimizer_seconds",
    ]
    let parts = names.enumerated().compactMap { index, name -> (title: String, seconds: Double, color: Int)? in
      run.history.steps[name]?.recentMean().map { (Title.of(name), $0, index) }
    }
    guard let whole = run.history.steps["step_seconds"]?.recentMean(), whole > 0, !parts.isEmpty else { return "" }
    let rest = whole - parts.reduce(0) { $0 + $1.seconds }
    let all = parts + (rest > 0 ? [("All else", rest, 5)] : [])
    let sum = all.reduce(0) { $0 + $1.1 }
    let bars = all.map { "<i class=\"c\($0.2)\" style=\"width:\(Quantity.percentText($0.1 / sum))\"></i>" }
    let keys = all.map { title, seconds, color in
      "<span class=\"key c\(color)\"><i></i>\(title) <output>\(Quantity.duration(seconds))</output>, "
        + "\(Quantity.share.words(seconds / sum))</span>"
    }
    let chart = Chart(
      title: "Parts of a step", quantity: .seconds,
      lines: names.enumerated().compactMap { index, name in
        run.history.steps[name].map { Chart.Line(label: Title.of(name), series: $0, place: index) }
      }, includesZero: true)
    return """
      <section>
      <h2>Where the time of a step goes</h2>
      <div class="panel"><p>A step takes \(Quantity.duration(whole)), as of late.</p>
      <div class="bar">\(bars.joined())</div><div class="keys">\(keys.joined(separator: "\n"))</div></div>
      \(chart.html)
      </section>
      """
  }
}

/// What it costs to know nothing: evaluations report it beside their loss, on the same images and masks.
enum BaselineName {
  static func isBaseline(_ name: String) -> Bool {
    name.contains("baseline") || name.hasPrefix("mean_patch") || name.contains("interpolat")
  }
}

extension Quantity {
  /// For a style: `12.5%`.
  static func percentText(_ share: Double) -> String { "\((share * 10_000).rounded() / 100)%" }
}
