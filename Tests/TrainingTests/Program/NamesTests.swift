import Testing

extension ProgramTests {
  /// Paths that are no UTF-8, from the command line on.
  @Suite struct Names {
    @Test("a run directory whose name is no UTF-8 is trained in, resumed from, inspected and shown escaped")
    func runDirectory() throws {
      let bench = try Workbench()
      let settings = ["train.steps=3", "checkpoint.every_epochs=null", "checkpoint.every_steps=3"]
      // The directory that the arguments name, and behind it a byte that is no UTF-8 and a line feed.
      let rename = #"""
        arguments=(); for argument; do
          [[ $argument == */run ]] && argument=$argument$'\xe9\n'; arguments+=("$argument")
        done; exec "$0" "${arguments[@]}"
        """#
      for steps in [3, 6] {
        let outcome = try bench.shell(rename, bench.arguments("run", settings + ["train.steps=\(steps)"]))
        #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
      }
      let outcome = try bench.shell(rename, ["inspect", "\(bench.path)/run"])
      #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
      let lines = outcome.output.split(separator: "\n")
      #expect(lines.first == #"checkpoint: \#(bench.path)/run\xe9\x0a/checkpoints/step-00000006"#)
      #expect(try Inspection(outcome.output) == bench.train("whole", settings + ["train.steps=6"]).checkpoint)
      let missing = try bench.shell(rename, ["inspect", "\(bench.path)/nowhere/run"])
      #expect(missing.errorOutput.contains(#"nowhere/run\xe9\x0a" does not exist"#), "\(missing.errorOutput)")
    }
  }
}
