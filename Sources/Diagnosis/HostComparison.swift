import Reporting

/// Which of several hosts are unlike the others.
enum HostComparison {
  /// A step waits for the slowest host. Two equal hosts measured a twentieth apart at most.
  static let slowShare = 0.85
  /// Files of one host look newer than they are on another one beyond this.
  static let clockSeconds = 1.0

  static func findings(_ reports: [HostReport]) -> [Finding] {
    guard reports.count > 1 else { return [] }
    let odd =
      HostReport.Fact.Kind.allCases.flatMap { differences(of: $0, reports) } + slow(reports) + clocks(reports)
    return odd.isEmpty ? [.ok("hosts", "all \(reports.count) are alike")] : odd
  }

  /// What most hosts have is what the others should; where two are as frequent, that of the host that comes first.
  private static func differences(of kind: HostReport.Fact.Kind, _ reports: [HostReport]) -> [Finding] {
    let values = reports.compactMap { report in
      report.facts.first { $0.kind == kind }.map { (host: report.host, value: $0.value) }
    }
    let counts = Dictionary(grouping: values, by: \.value).mapValues(\.count)
    guard counts.count > 1, let most = counts.values.max(),
      let usual = values.first(where: { counts[$0.value] == most })
    else { return [] }
    let others = counts.count == 2 && most == values.count - most ? usual.host : "most hosts"
    return values.filter { $0.value != usual.value }.map {
      kind.finding("\($0.host) has another \(kind.name) than \(others): \($0.value), not \(usual.value)")
    }
  }

  private static func slow(_ reports: [HostReport]) -> [Finding] {
    let rates = reports.compactMap { report in report.gflops.map { (host: report.host, gflops: $0) } }
    guard rates.count > 1 else { return [] }
    // Of two hosts the faster one.
    let usual = rates.map(\.gflops).sorted()[rates.count / 2]
    return rates.filter { $0.gflops < slowShare * usual }.map { rate in
      .warning(
        "hosts",
        "\(rate.host) is slow: \(ProgressFormat.measure(rate.gflops)) GFLOP/s where others make \(ProgressFormat.measure(usual))",
        do:
          "see what else runs on it (top), whether it is too hot, or bound to fewer cores; leave it out if that cannot be "
          + "mended, since every step waits for it")
    }
  }

  private static func clocks(_ reports: [HostReport]) -> [Finding] {
    let usual = reports.map(\.clock).sorted()[reports.count / 2]
    return reports.filter { abs($0.clock - usual) > clockSeconds }.map { report in
      let apart = ProgressFormat.duration(abs(report.clock - usual))
      return .warning(
        "hosts", "the clock of \(report.host) is \(apart) \(report.clock < usual ? "behind" : "ahead of") the others",
        do: "set it there (timedatectl set-ntp true)")
    }
  }
}
