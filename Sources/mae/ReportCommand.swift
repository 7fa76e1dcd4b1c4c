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
      for run in runs {
        guard try fileKindFollowingLinks("\(run)/log.jsonl") != nil else {
          fail("\"\(escaped(run))\" is no run directory: it holds no log.jsonl.", code: 1)
        }
      }
      let own = runs.count == 1 ? "\(runs[0])/report.html" : nil
      let path = output ?? own ?? "report.html"
      let folder = parentDirectory(of: path)
      guard try fileKindFollowingLinks(folder) == .directory else {
        fail(
          "cannot write \"\(escaped(path))\": there is no folder \"\(escaped(folder))\"; make it, or name another file.",
          code: 1)
      }
      let reported = try runs.map { try readRun($0, showsImages: runs.count == 1) }
      // A run that goes on writes its own page anew, whoever wrote it last, and no other.
      let isKept = path == own && reported[0].state == .running
      try ReportPage(reported, rewriteSeconds: isKept ? ReportSink.leastPause : nil).write(to: path)
      for finding in runs.count == 1 ? reported[0].findings : [] { remark(finding.line) }
      remark("wrote \(escaped(path))")
    } catch {
      fail(error)
    }
  }
}
