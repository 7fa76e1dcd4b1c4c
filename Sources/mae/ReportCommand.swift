import ArgumentParser
import Files
import Foundation
import Reporting

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Make the page of a run, or of several beside one another, from their logs.",
    discussion: """
      A run writes its own report.html while it goes on. This makes it again, of a run that was killed for example, which \
      could not write that it ended; and it lays the curves of several runs over one another.

      Example: mae report runs/a runs/b --output comparison.html
      """)

  @Argument(help: ArgumentHelp("Run directories.", valueName: "RUN"))
  var runs: [String]

  @Option(
    name: .long,
    help: ArgumentHelp(
      "The file to write; the run's report.html unless given, and report.html in this folder for several runs.",
      valueName: "FILE"))
  var output: String?

  func validate() throws {
    guard !runs.isEmpty else { throw ValidationError("name a run directory.") }
  }

  func run() throws {
    do {
      let reported = try runs.map { try readRun($0, showsImages: runs.count == 1) }
      let path = output ?? (runs.count == 1 ? "\(runs[0])/report.html" : "report.html")
      try ReportPage(reported).write(to: path)
      for finding in runs.count == 1 ? reported[0].findings : [] { remark(finding.line) }
      remark("wrote \(escaped(path))")
    } catch {
      fail(error)
    }
  }
}
