import Files
import Foundation
import Testing

@testable import Reporting

@Suite(.serialized) struct ReportSinkTests {
  private let folder: TemporaryFolder
  private let log: TrainingLog

  init() throws {
    folder = try TemporaryFolder()
    log = try TrainingLog.create(at: folder.path + "/log.jsonl")
  }

  private func append(_ step: Int) throws {
    try log.append(
      StepRecord(step: step, epoch: 0, loss: 0.5, learningRate: 1e-4, imagesPerSecond: 10, stepSeconds: 1))
  }

  private var page: String? { try? folder.text(of: "report.html") }

  @Test("the page is there while the run goes on, and says how it ended in the end", .timeLimit(.minutes(1)))
  func alive() throws {
    try append(1)
    let sink = ReportSink(directory: folder.path, mayWrite: { true })
    while page == nil { Thread.sleep(forTimeInterval: 0.02) }
    #expect(page?.contains("<span class=\"badge running\">") == true && page?.contains("data-every=\"30\"") == true)
    try append(2)
    try log.append(EndRecord(step: 2, .completed))
    try sink.finish()
    #expect(page?.contains("<span class=\"badge finished\">") == true && page?.contains("data-every") == false)
    #expect(sink.findings.count == 1)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["log.jsonl", "report.html"])
  }

  @Test("a page says how long the pause behind it is, and all of them take no more than a two-hundredth of the time")
  func pauses() throws {
    #expect(ReportSink.pause(behindPageAfter: 0) == 30 && ReportSink.pause(behindPageAfter: 0.1) == 30)
    #expect(ReportSink.pause(behindPageAfter: 0.75) == 150)
    try append(1)
    let run = try ReportedRun(directory: folder.path, showsImages: false, isAlive: { _ in true })
    #expect(ReportPage([run], rewriteSeconds: 150.2).html.contains("data-every=\"151\""))
    #expect(!ReportPage([run]).html.contains("data-every="))
  }

  @Test("whoever writes the page at once takes another name for it until it is whole")
  func atOnce() throws {
    try append(1)
    try FileManager.default.createDirectory(
      atPath: folder.path + "/report.html.writing", withIntermediateDirectories: false)
    let page = ReportPage([try ReportedRun(directory: folder.path, showsImages: false, isAlive: { _ in true })])
    let path = folder.path + "/report.html"
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      for _ in 0..<8 { #expect(throws: Never.self) { try page.write(to: path) } }
    }
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        == ["log.jsonl", "report.html", "report.html.writing"])
  }

  @Test("a run that went back has each step once", .timeLimit(.minutes(1)))
  func rewound() throws {
    for step in 1...10 { try append(step) }
    let sink = ReportSink(directory: folder.path, mayWrite: { true })
    while page?.contains("Step 10") != true { Thread.sleep(forTimeInterval: 0.02) }
    try log.removeLines(behind: 4)
    sink.rewind(to: 4)
    for step in 5...6 { try append(step) }
    try sink.finish()
    #expect(page?.contains("after step 6") == true, "\(page ?? "")")
  }

  @Test("nothing is written into a directory that is no longer the run's")
  func otherDirectory() throws {
    try append(1)
    try ReportSink(directory: folder.path, mayWrite: { false }).finish()
    #expect(page == nil)
  }

  @Test("a page that cannot be written is an error, and leaves nothing behind")
  func unwritable() throws {
    try append(1)
    try FileManager.default.createDirectory(atPath: folder.path + "/report.html", withIntermediateDirectories: false)
    let sink = ReportSink(directory: folder.path, mayWrite: { true })
    #expect(throws: ReportingError.self) { try sink.finish() }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["log.jsonl", "report.html"])
  }
}
