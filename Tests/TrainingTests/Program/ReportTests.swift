import Foundation
import MPILaunch
import Testing

extension ProgramTests {
  /// What `mae runs` and `mae report` say of runs that go on, have ended, and were ended.
  @Suite struct Report {
    private struct Row: Decodable {
      let run: String
      let state: String
      let step: Int?
      let lastStep: Int?
      let loss: Double?
      let parameters: String?
      let headline: String
      let health: [String]
    }

    private func runs(_ bench: Workbench) throws -> [String: Row] {
      let outcome = try bench.runAnyCommand(["runs", bench.path, "--json"])
      try #require(outcome.exitCode == 0, "\(outcome.errorOutput)")
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      let rows = try decoder.decode([Row].self, from: Data(outcome.output.utf8))
      return Dictionary(uniqueKeysWithValues: rows.map { ($0.run, $0) })
    }

    private func page(_ bench: Workbench, _ run: String) throws -> String {
      try String(contentsOfFile: "\(bench.path)/\(run)/report.html", encoding: .utf8)
    }

    @Test func eachStateIsToldFromTheOthers() throws {
      let bench = try Workbench()
      let finished = try bench.pretrain("finished", ["train.steps=10"])
      #expect(finished.exitCode == 0)
      let failing = ["train.base_learning_rate=1e30", "train.warmup_epochs=0"]
      #expect(try bench.pretrain("failed", failing).exitCode == 1)
      let job = try bench.start("group/killed", ["train.epochs=100000"])
      try bench.waitForStep(8, of: "group/killed", job)
      #expect(try runs(bench)["group/killed"]?.state == "running")
      // Its page goes on loading itself anew, since the run goes on writing it; another file is written by nobody else.
      let other = "\(bench.path)/other.html"
      for options in [[], ["--output", other]] {
        #expect(try bench.runAnyCommand(["report", "\(bench.path)/group/killed"] + options).exitCode == 0)
      }
      #expect(try page(bench, "group/killed").contains("data-every=\"30\""))
      #expect(try !String(contentsOfFile: other, encoding: .utf8).contains("data-every="))
      try job.send(SIGKILL)
      _ = try job.wait(deadlineSeconds: 20)

      let rows = try runs(bench)
      #expect(rows.mapValues(\.state) == ["finished": "finished", "failed": "failed", "group/killed": "crashed"])
      let row = try #require(rows["finished"])
      #expect(row.step == 10 && row.lastStep == 10 && row.loss != nil)
      #expect(try row.parameters == bench.inspect("finished").parameters)
      // The console says in the end what the list says.
      #expect(!row.health.isEmpty)
      for sentence in row.health { #expect(finished.errorOutput.contains(sentence), "\(sentence)") }
      #expect(row.health.contains { $0.contains("The whole run has 10 steps") })
      #expect(rows["failed"]?.health.first?.contains("not finite in 1 step") == true)

      #expect(try page(bench, "finished").contains("<span class=\"badge finished\">"))
      #expect(try page(bench, "failed").contains("Ended by an error after step"))
      let outcome = try bench.runAnyCommand(["report", "\(bench.path)/group/killed"])
      #expect(outcome.exitCode == 0 && outcome.output.contains("wrote "))
      #expect(try page(bench, "group/killed").contains("<span class=\"badge crashed\">"))
      #expect(try !page(bench, "group/killed").contains("data-every="))
      let both = try bench.runAnyCommand(
        ["report", "\(bench.path)/finished", "\(bench.path)/failed", "--output", "\(bench.path)/both.html"])
      #expect(both.exitCode == 0)
      let comparison = try String(contentsOfFile: "\(bench.path)/both.html", encoding: .utf8)
      #expect(comparison.contains("train.<wbr>base_<wbr>learning_<wbr>rate"))
    }

    /// What was trained by which source can be told from its log.
    @Test func theLogNamesTheCommit() throws {
      let bench = try Workbench()
      #expect(try bench.pretrain("run", ["train.steps=1"]).exitCode == 0)
      let version = try bench.runAnyCommand(["--version"]).output.trimmingCharacters(in: .newlines)
      #expect(version.contains(/^\d+\.\d+\.\d+ \([0-9a-f]{12}\+?\)$/), "\(version)")
      let log = try String(contentsOfFile: "\(bench.path)/run/log.jsonl", encoding: .utf8)
      let start = try #require(log.split(separator: "\n").first { $0.contains("\"event\":\"start\"") })
      #expect(start.contains("\"program\":\"SwiftMAE \(version)\""))
    }

    /// A file that the system opens and does not read, and numbers that JSON has no word for.
    @Test func aRunThatCannotBeReadHasARowAmongTheOthers() throws {
      let bench = try Workbench()
      try bench.write(
        Array("{\"event\":\"step\",\"step\":3,\"epoch\":\"NaN\",\"loss\":0.5,\"time\":1}\n".utf8), to: "good/log.jsonl")
      try FileManager.default.createDirectory(atPath: "\(bench.path)/bad", withIntermediateDirectories: false)
      try FileManager.default.createSymbolicLink(
        atPath: "\(bench.path)/bad/log.jsonl", withDestinationPath: "/proc/self/mem")
      let rows = try runs(bench)
      #expect(rows.mapValues(\.state) == ["good": "crashed", "bad": "cannot be read"])
      #expect(rows["good"]?.step == 3 && rows["bad"]?.step == nil)
      #expect(rows["bad"]?.headline.contains("/bad/log.jsonl\" failed: Input/output error") == true)
      let table = try bench.runAnyCommand(["runs", bench.path])
      #expect(table.exitCode == 0 && table.output.contains(/bad +cannot be read +- +-/), "\(table.output)")
    }

    @Test func whatIsNoRunIsSaid() throws {
      let bench = try Workbench()
      let none = try bench.runAnyCommand(["runs", bench.path])
      #expect(none.exitCode == 1 && none.errorOutput.contains("there is no run in \(bench.path)"))
      let missing = try bench.runAnyCommand(["report", "\(bench.path)/nothing"])
      #expect(missing.exitCode == 1 && missing.errorOutput.contains("log.jsonl"))
      let usage = try bench.runAnyCommand(["report"])
      #expect(usage.exitCode == 2)
    }
  }
}
