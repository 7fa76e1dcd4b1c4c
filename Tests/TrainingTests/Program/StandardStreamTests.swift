import Foundation
import Testing

extension ProgramTests {
  /// Standard output and error that cannot be written, and limits on the size of files.
  @Suite struct StandardStreams {
    private let settings = ["train.epochs=4", "checkpoint.every_epochs=1"]

    @Test(
      "a console that cannot be written does not end a run, and the log says so once",
      arguments: [
        "full": "\"$0\" \"$@\" >/dev/full 2>/dev/full",
        "broken pipe": "\"$0\" \"$@\" 2>&1 | true; exit ${PIPESTATUS[0]}",
        "closed": "\"$0\" \"$@\" <&- >&- 2>&-",
      ])
    func trainingGoesOn(name: String, script: String) throws {
      let bench = try Workbench()
      let outcome = try bench.shell(script, bench.arguments("run", settings))
      #expect(outcome.exitCode == 0, "\(name)")
      #expect(outcome.signal == nil)
      #expect(try bench.result(of: "run") == bench.train("whole", settings), "\(name)")
      #expect(try bench.events("console_lost", of: "run").count == 1, "\(name)")
    }

    @Test("what is asked for on standard output and cannot be written there is a failure")
    func resultsThatAreLost() throws {
      let bench = try Workbench()
      try bench.train("run", settings)
      let commands = [
        ["inspect", "\(bench.path)/run"], ["config", "show", "--config", "\(bench.path)/tiny.yaml"], ["--help"],
      ]
      for command in commands {
        for (script, reason) in [
          ("\"$0\" \"$@\" >/dev/full", "No space left"), ("\"$0\" \"$@\" >&-", "Bad file descriptor"),
        ] {
          let outcome = try bench.shell(script, command)
          #expect(outcome.exitCode == 1, "\(command)")
          let lines = outcome.errorOutput.split(separator: "\n")
          #expect(lines.count == 1 && outcome.errorOutput.contains(reason), "\(outcome.errorOutput)")
          #expect(outcome.errorOutput.hasPrefix("mae: write of \"standard output\" failed: "), "\(outcome.errorOutput)")
        }
      }
    }

    @Test("a limit on the size of files that no checkpoint fits into is said at every start")
    func sizeLimit() throws {
      let bench = try Workbench()
      for options in [["--dry-run"], []] {
        let outcome = try bench.shell(
          "ulimit -f 100; \"$0\" \"$@\"", bench.arguments("run", settings, options: options))
        #expect(outcome.exitCode == 1)
        #expect(
          outcome.errorOutput.contains(
            /mae: no checkpoint could be saved: files may have 102 kB \(ulimit -f\), and a checkpoint's largest file has 26\d kB; raise/
          ), "\(outcome.errorOutput)")
      }
      #expect(try bench.train("run", settings) == bench.train("whole", settings))
    }

    @Test("a limit that only the header of a file goes beyond is an error message when it is met")
    func sizeLimitOfAHeader() throws {
      let bench = try Workbench()
      try bench.train("whole", settings)
      let moments = try #require(
        try bench.contents(of: "whole").first { $0.key.hasSuffix("/optimizer.safetensors") }?.value)
      let header = 8 + moments.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
      let kilobytes = (moments.count - header + 1023) / 1024
      try #require(kilobytes * 1024 < moments.count)
      let outcome = try bench.shell("ulimit -f \(kilobytes); \"$0\" \"$@\"", bench.arguments("run", settings))
      #expect(outcome.signal == nil)
      #expect(outcome.exitCode == 1)
      #expect(
        outcome.errorOutput.contains("File too large: a limit on the size of files is reached; raise it (ulimit -f)"))
      #expect(try bench.train("run", settings) == bench.train("whole", settings))
    }
  }
}
