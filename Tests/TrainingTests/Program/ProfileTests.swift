import Foundation
import MPILaunch
import Testing

extension ProgramTests {
  /// `--profile` and `--metrics`: what is written, and that it changes nothing of what is trained.
  @Suite struct Profile {
    private struct Span {
      let name: String
      let row: Int
      let start: Double
      let end: Double
    }

    /// The spans of a trace by row, and the names of the rows.
    private func trace(_ path: String) throws -> (spans: [Span], rows: [Int: String]) {
      let object =
        try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path))) as? [String: Any]
      let events = try #require(object?["traceEvents"] as? [[String: Any]])
      var (spans, rows): ([Span], [Int: String]) = ([], [:])
      for event in events {
        let name = try #require(event["name"] as? String)
        if name == "thread_name" {
          rows[try #require(event["tid"] as? Int)] = (event["args"] as? [String: String])?["name"]
        }
        guard event["ph"] as? String == "X" else { continue }
        let start = try #require(event["ts"] as? Double)
        let duration = try #require(event["dur"] as? Double)
        spans.append(
          Span(name: name, row: try #require(event["tid"] as? Int), start: start, end: start + duration))
      }
      return (spans, rows)
    }

    /// In each row two spans are apart, or one lies in the other. Times are written in thousandths of a microsecond.
    private func expectNested(_ spans: [Span]) {
      for row in Set(spans.map(\.row)) {
        var open: [Span] = []
        for span in spans.filter({ $0.row == row }).sorted(by: { ($0.start, $1.end) < ($1.start, $0.end) }) {
          while let last = open.last, last.end <= span.start + 0.002 { open.removeLast() }
          if let outer = open.last {
            #expect(span.end <= outer.end + 0.002, "\(span.name) leaves \(outer.name)")
          }
          open.append(span)
        }
      }
    }

    @Test(arguments: [nil, 2]) func whatEveryThreadDoesInSomeSteps(ranks: Int?) throws {
      let bench = try Workbench()
      let settings = ["train.steps=9", "parallel.threads=2", "checkpoint.every_steps=4"]
      let outcome = try bench.pretrain("run", settings, options: ["--profile", "3"], ranks: ranks)
      #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
      for rank in 0..<(ranks ?? 1) {
        let path = "\(bench.path)/run/" + (ranks == nil ? "trace.json" : "trace-rank-\(rank).json")
        let (spans, rows) = try trace(path)
        expectNested(spans)
        let run = try #require(rows.first { $0.value == "run" }?.key)
        #expect(spans.filter { $0.row == run && $0.name == "step" }.count == 3)
        #expect(spans.filter { $0.row == run && $0.name == "wait for images" }.count == 3)
        #expect(spans.contains { $0.row == run && $0.name == "copy for a checkpoint" }, "step 4 is among them")
        for thread in 0..<2 {
          let row = try #require(rows.first { $0.value == "thread \(thread)" }?.key)
          let names = spans.filter { $0.row == row }.map(\.name)
          // Four virtual workers a step, over ranks and threads.
          #expect(names.count { $0 == "forward" } == 3 * (4 / 2 / (ranks ?? 1)), "\(names)")
          #expect(names.count { $0 == "update parameters" } == 3)
          #expect(names.contains("wait for other threads") && names.contains("sum a layer's gradient"))
        }
        #expect(spans.contains { $0.name == "decode an image" })
        #expect(spans.contains { $0.name == "sum over ranks" } == (ranks != nil))
        let checkpoints = try #require(rows.first { $0.value == "checkpoints" }?.key)
        #expect(spans.contains { $0.row == checkpoints && $0.name == "write a checkpoint" } || ranks != nil)
      }
      #expect(outcome.errorOutput.contains("ui.perfetto.dev opens it"))
      try bench.train("plain", settings)
      #expect(try bench.inspect("run") == bench.inspect("plain"), "profiling changes no bit")
      #expect(!FileManager.default.fileExists(atPath: "\(bench.path)/plain/trace.json"))
    }

    /// Held against the parser that Prometheus's own client has.
    @Test func theNumbersForPrometheus() throws {
      let bench = try Workbench()
      let file = "\(bench.path)/mae.prom"
      try bench.train("run", ["train.steps=7", "checkpoint.every_steps=5"], options: ["--metrics", file])
      let script = """
        import sys
        from prometheus_client.parser import text_string_to_metric_families
        families = {f.name: f for f in text_string_to_metric_families(open(sys.argv[1]).read())}
        def value(name):
            (sample,) = families[name].samples
            assert sample.labels == {"run": sys.argv[2]}, sample
            return sample.value
        assert value("mae_step") == 7 and value("mae_planned_steps") == 7 and value("mae_epoch") == 1.4
        states = {sample.labels["state"]: sample.value for sample in families["mae_state"].samples}
        assert states == {"running": 0, "completed": 1, "stopped": 0, "failed": 0}, states
        assert 0 < value("mae_loss") < 10 and value("mae_images_per_second") > 0
        assert families["mae_checkpoints"].type == "counter" and value("mae_checkpoints") == 2
        assert families["mae_loss"].type == "gauge" and families["mae_loss"].documentation
        assert value("mae_resident_memory_bytes") > 1e6
        print("all is well")
        """
      let outcome = try MPILaunch.run("/usr/bin/python3", ["-c", script, file, "\(bench.path)/run"], ranks: nil)
      #expect(outcome.output == "all is well\n", "\(outcome.errorOutput)")
      #expect(!FileManager.default.fileExists(atPath: file + ".writing"))
    }

    @Test func wordsThatCannotBeMeant() throws {
      let bench = try Workbench()
      #expect(try bench.pretrain("run", options: ["--profile", "0"]).exitCode == 2)
      // A run that is past the last step that it is told of now has nothing to record.
      try bench.train("past", ["train.steps=9"])
      let past = try bench.pretrain("past", ["train.steps=4"], options: ["--profile", "3"])
      #expect(past.exitCode == 0 && past.errorOutput.contains("nothing left to do"), "\(past.errorOutput)")
      let file = try bench.pretrain("run", options: ["--metrics", "mae.txt"])
      #expect(file.exitCode == 2)
      #expect(file.errorOutput.contains("node exporter reads files that end in .prom"))
    }
  }
}
