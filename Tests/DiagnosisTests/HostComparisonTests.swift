import Testing

@testable import Diagnosis

@Suite struct HostComparisonTests {
  private func host(
    _ name: String, program: String = "mae 1", data: String = "10 images", glibc: String = "glibc 2.36",
    gflops: Double = 100, clock: Double = 1000
  ) -> HostReport {
    HostReport(
      host: name, findings: [.ok("cpu", "Test CPU")],
      facts: [.init(.program, program), .init(.data, data), .init(.glibc, glibc)], gflops: gflops, clock: clock)
  }

  @Test func alikeHosts() {
    #expect(HostComparison.findings([host("a")]).isEmpty)
    #expect(HostComparison.findings([host("a"), host("b", gflops: 86)]) == [.ok("hosts", "all 2 are alike")])
  }

  @Test func theOddOneOfManyIsNamed() {
    let findings = HostComparison.findings([host("a", program: "mae 2"), host("b"), host("c")])
    #expect(findings.count == 1)
    #expect(findings[0].level == .failure)
    #expect(findings[0].found == "a has another program than most hosts: mae 2, not mae 1")
  }

  @Test func ofTwoTheFirstIsTheMeasure() {
    let findings = HostComparison.findings([host("a"), host("b", data: "9 images")])
    #expect(findings.map(\.found) == ["b has another data set than a: 9 images, not 10 images"])
    #expect(findings[0].level == .failure)
  }

  @Test func anotherCLibraryIsAWarning() {
    let findings = HostComparison.findings([host("a"), host("b", glibc: "glibc 2.31")])
    #expect(findings.map(\.level) == [.warning])
    #expect(findings[0].found == "b has another C library than a: glibc 2.31, not glibc 2.36")
  }

  @Test func theSlowOneIsNamed() {
    for order in [["a", "b"], ["b", "a"]] {
      let findings = HostComparison.findings(order.map { host($0, gflops: $0 == "b" ? 50 : 100) })
      #expect(findings.map(\.found) == ["b is slow: 50.0 GFLOP/s where others make 100"])
    }
    let many = HostComparison.findings([host("a"), host("b"), host("c", gflops: 84), host("d", gflops: 101)])
    #expect(many.map(\.found) == ["c is slow: 84.0 GFLOP/s where others make 100"])
  }

  @Test func aClockThatIsAhead() {
    let findings = HostComparison.findings([host("a"), host("b"), host("c", clock: 1090)])
    #expect(findings.map(\.found) == ["the clock of c is 1m30s ahead of the others"])
  }

  @Test func severalFindingsOfAKindStaySeveral() {
    let findings: [Finding] = [.ok("kernels", "fp32"), .ok("kernels", "bf16")]
    let hosts = ["a", "b"].map { HostReport(host: $0, findings: findings) }
    #expect(
      Diagnosis(hosts, []).text == """
        ok       kernels        fp32
        ok       kernels        bf16
        all is well on 2 hosts: a, b
        """)
  }

  @Test func whatHostsShareIsSaidOnce() {
    var (one, other) = (host("a"), host("b"))
    other.findings.append(.warning("huge pages", "none", do: "something"))
    let diagnosis = Diagnosis([one, other], HostComparison.findings([one, other]))
    #expect(
      diagnosis.text == """
        ok       cpu            Test CPU
        warning  huge pages     b: none
                 -> something
        ok       hosts          all 2 are alike
        1 warning on 2 hosts: a, b
        """)
    #expect(!diagnosis.hasFailed)
    one.findings = [.failure("cpu", "lacks something", do: "mend it")]
    #expect(Diagnosis([one], []).hasFailed)
    #expect(Diagnosis([host("a")], []).text == "ok       cpu            Test CPU\nall is well on a")
  }
}
