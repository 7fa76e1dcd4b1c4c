import Foundation
import MPILaunch
import Testing

extension ClusterSuite {
  /// `launch/cluster --check` on hosts of the testbed.
  @Suite(.serialized) struct DoctorTests {
    @Test(arguments: ["pretrain", "finetune"]) func hostsThatAreAlike(command: String) throws {
      let run = try SmallRun(steps: 5, command: command)
      defer { run.remove() }
      let outcome = try MPILaunch.run(
        launcher("testbed"),
        ["2", "--", "bash", "-c", "exec \"$0\" --hostfile $TESTBED_HOSTFILE \"$@\"", launcher("cluster")]
          + ["--mae", try mae(), "--check", "--"] + run.launched("run"), ranks: nil)
      #expect(outcome.exitCode == 0, "\(outcome.output)\(outcome.errorOutput)")
      #expect(outcome.output.contains("2 ranks on 2 hosts: a message takes "))
      #expect(outcome.output.contains(" on 2 hosts: node1, node2\n"))
      #expect(!FileManager.default.fileExists(atPath: run.directory("run")), "it trains nothing")
    }

    /// As many ranks as would train; where these would leave a host out, one of each host.
    @Test(arguments: [(2, 2, 4), (3, 1, 3)]) func theRanksOfTheRunLook(hosts: Int, slots: Int, ranks: Int) throws {
      let run = try SmallRun(steps: 5)
      defer { run.remove() }
      let outcome = try MPILaunch.run(
        launcher("testbed"),
        ["\(hosts)", "--slots", "\(slots)", "--", "bash", "-c", "exec \"$0\" --hostfile $TESTBED_HOSTFILE \"$@\""]
          + [launcher("cluster"), "--mae", try mae(), "--check", "--"] + run.launched("run"), ranks: nil)
      #expect(outcome.exitCode == 0, "\(outcome.output)\(outcome.errorOutput)")
      #expect(outcome.output.contains("\(ranks) ranks on \(hosts) hosts: a message takes "), "\(outcome.output)")
    }

    @Test func aHostThatDoesNotAnswerIsNamed() throws {
      let run = try SmallRun(steps: 5)
      defer { run.remove() }
      try "localhost\nnowhere.invalid\n".write(to: run.hosts, atomically: true, encoding: .utf8)
      let outcome = try MPILaunch.run(
        launcher("cluster"),
        ["--hostfile", run.hosts.path, "--agent", "false", "--mae", try mae(), "--check"], ranks: nil)
      #expect(outcome.exitCode == 1)
      #expect(
        outcome.output.contains("failure  hosts          nowhere.invalid does not answer (false ended with code 1)"))
      #expect(outcome.output.contains("ok       cpu"), "the other one is looked at all the same")
      #expect(outcome.output.contains("ok       mpi            2 ranks started here: a message takes "))
      let failures = outcome.output.split(separator: "\n").filter { $0.hasPrefix("failure ") }
      #expect(failures.count == 1, "\(outcome.output)")
    }

    /// Node 2 has another build of the program, other data, another C library, and a core on which another process goes first.
    @Test func theOddHostIsNamed() throws {
      let run = try SmallRun(steps: 5)
      defer { run.remove() }
      let program = try mae()
      let other = run.folder.appendingPathComponent("other").path
      try FileManager.default.copyItem(atPath: program, toPath: other)
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: other))
      try handle.seekToEnd()
      try handle.write(contentsOf: Data([0]))
      try handle.close()
      let images = run.folder.appendingPathComponent("data/train-images-idx3-ubyte")
      let others = run.folder.appendingPathComponent("other-images-idx3-ubyte")
      var bytes = try Data(contentsOf: images)
      bytes[bytes.count - 1] ^= 1
      try bytes.write(to: others)
      let library = try libraryOfAnotherVersion(in: run.folder)
      let script = """
        mpirun --bind-to none -np 1 --host node1 taskset -c 1 "$0" doctor --config "$3" : \
          -np 1 --host node2 --bind-to none taskset -c 0 bash -c \
          'timeout 60 yes >/dev/null & LD_PRELOAD=$0 nice -n 10 "$@"; code=$?; kill $!; exit $code' "$4" \
          "$1" doctor --config "$3" --set "data.path=$2"
        """
      let outcome = try MPILaunch.run(
        launcher("testbed"),
        ["2", "--", "bash", "-c", script, program, other, others.path, run.configuration.path, library],
        ranks: nil)
      #expect(outcome.exitCode == 1)
      #expect(
        outcome.output.contains("failure  hosts          node2 has another program than node1: mae "),
        "\(outcome.output)")
      #expect(
        outcome.output.contains(/failure  hosts          node2 has another data set than node1: 400 images of an IDX/))
      #expect(outcome.output.contains(/warning  hosts          node2 is slow: \S+ GFLOP\/s where others make \d/))
      #expect(
        outcome.output.contains("warning  hosts          node2 has another C library than node1: glibc 2.31, not glibc")
      )
    }

    /// Puts itself before the C library of this machine, and says that it is an older one.
    private func libraryOfAnotherVersion(in folder: URL) throws -> String {
      let (source, library) = (folder.appendingPathComponent("glibc.c"), folder.appendingPathComponent("glibc.so"))
      try """
      #define _GNU_SOURCE
      #include <dlfcn.h>
      #include <string.h>
      #include <unistd.h>
      size_t confstr(int name, char *buffer, size_t size) {
        if (name != _CS_GNU_LIBC_VERSION)
          return ((size_t(*)(int, char *, size_t))dlsym(RTLD_NEXT, "confstr"))(name, buffer, size);
        strncpy(buffer, "glibc 2.31", size);
        return sizeof "glibc 2.31";
      }

      """.write(to: source, atomically: true, encoding: .utf8)
      let outcome = try MPILaunch.run(
        "/usr/bin/env", ["clang", "-shared", "-fPIC", "-o", library.path, source.path], ranks: nil)
      try #require(outcome.exitCode == 0, "\(outcome.errorOutput)")
      return library.path
    }
  }
}
