import Foundation
import Testing

extension ProgramTests {
  /// System calls that fail under the real program, by strace's hand.
  @Suite struct SystemFaults {
    private let settings = [
      "train.steps=9", "checkpoint.every_epochs=null", "checkpoint.every_steps=3", "checkpoint.keep_last=5",
    ]

    private func failing(_ bench: Workbench, _ inject: String, _ arguments: [String], path: String? = nil) throws
      -> (exitCode: Int32, signal: Int32?, errors: String)
    {
      let place = path.map { "-P '\($0)'" } ?? ""
      let script = "exec strace -f -qq -o /dev/null \(place) -e inject=\(inject) \"$0\" \"$@\""
      let outcome = try bench.shell(script, arguments)
      return (outcome.exitCode, outcome.signal, outcome.errorOutput)
    }

    @Test("one read error at a resume costs nothing")
    func passingReadError() throws {
      let bench = try Workbench()
      try bench.train("run", settings)
      let longer = settings + ["train.steps=12"]
      let newest = "\(bench.path)/run/checkpoints/step-00000009/model.safetensors"
      let outcome = try failing(bench, "pread64:error=EIO:when=1", bench.arguments("run", longer), path: newest)
      #expect(outcome.exitCode == 0)
      #expect(outcome.errors.contains("resumed after step 9"), "\(outcome.errors)")
      #expect(!outcome.errors.contains("warning"), "\(outcome.errors)")
      #expect(try bench.result(of: "run") == bench.train("whole", longer))
    }

    @Test("a read error that stays ends the run with one sentence; the checkpoint stays, and the next start takes it")
    func stayingReadError() throws {
      let bench = try Workbench()
      try bench.train("run", settings)
      let before = try bench.contents(of: "run")
      let longer = settings + ["train.steps=12"]
      let newest = "\(bench.path)/run/checkpoints/step-00000009/model.safetensors"
      let outcome = try failing(bench, "pread64:error=EIO", bench.arguments("run", longer), path: newest)
      #expect(outcome.exitCode == 1)
      let sentences = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("mae: ") }
      #expect(
        sentences.count == 1 && sentences[0].contains("\(newest)\" failed: Input/output error"), "\(outcome.errors)")
      #expect(try bench.contents(of: "run") == before)
      #expect(try bench.train("run", longer) == bench.train("whole", longer))
    }

    @Test("without oneDNN a run in bfloat16 ends with one sentence, and one in single precision does not need it")
    func missingLibrary() throws {
      let bench = try Workbench()
      try bench.write(Array("no library".utf8), to: "libraries/libdnnl.so.2")
      let environment = ["LD_LIBRARY_PATH": "\(bench.path)/libraries"]
      let single = try bench.pretrain("single", ["train.steps=2"], environment: environment)
      #expect(single.exitCode == 0, "\(single.errorOutput)")
      let mixed = try bench.pretrain("mixed", ["train.steps=2", "train.precision=bf16"], environment: environment)
      #expect(mixed.exitCode == 1)
      let sentences = mixed.errorOutput.split(separator: "\n")
      #expect(sentences.count == 1, "\(mixed.errorOutput)")
      #expect(
        sentences[0].hasPrefix("mae: cannot open libdnnl.so.2: ")
          && sentences[0].hasSuffix("install the package libdnnl2"))
    }

    @Test("a thread that cannot be started ends the run with one sentence, before the first step")
    func noMoreThreads() throws {
      let bench = try Workbench()
      var purposes: Set<String> = []
      for number in 1...7 {
        let run = "run\(number)"
        let outcome = try failing(
          bench, "clone3:error=EAGAIN:when=\(number)", bench.arguments(run, settings + ["parallel.threads=2"]))
        #expect(outcome.signal == nil)
        if outcome.exitCode == 0 {
          #expect(try bench.checkpointSteps(of: run) == [3, 6, 9])
          continue
        }
        #expect(outcome.exitCode == 1)
        let sentences = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("mae: ") }
        #expect(sentences.count == 1, "\(outcome.errors)")
        let purpose = outcome.errors.firstMatch(
          of: /mae: cannot start a thread for ([a-z ]+): Resource temporarily/)
        try #require(purpose != nil, "\(outcome.errors)")
        purposes.insert(String(purpose!.1))
        #expect((try? bench.log(of: run).lastStep) ?? 0 == 0, "a step was taken before")
      }
      #expect(
        purposes == ["signals", "a deadline", "computing", "decoding images", "the watchdog", "saving checkpoints"])
    }
  }
}
