import Testing

@testable import Reporting

struct QuantityTests {
  @Test(
    "seconds are words for people",
    arguments: [
      (0, "no time"), (7.71e-07, "under 0.1 ms"), (0.0123, "12.3 ms"), (0.9994, "999 ms"), (1.42, "1.42 s"),
      (200, "3 min 20 s"), (7380, "2 h 3 min"), (273_600, "3 days 4 h"), (90_000, "1 day 1 h"), (.nan, "not a number"),
    ] as [(Double, String)]) func seconds(value: Double, text: String)
  {
    #expect(Quantity.seconds.words(value) == text)
  }

  @Test(
    "numbers have three digits that say something",
    arguments: [
      (0, "0"), (0.000123, "1.23e-4"), (0.0123, "0.0123"), (1.234, "1.23"), (412.4, "412"), (999.6, "1,000"),
      (1_234_567, "1,234,567"), (-12_345, "−12,345"), (2.5e9, "2.5e9"), (-.infinity, "minus infinite"),
    ] as [(Double, String)]) func numbers(value: Double, text: String)
  {
    #expect(Quantity.number.words(value) == text)
  }

  @Test func othersHaveTheirUnits() {
    #expect(Quantity.share.words(0.0321) == "3.2 %")
    #expect(Quantity.rate.words(1.5e-4) == "1.5e-4" && Quantity.rate.words(0.001) == "1e-3")
    #expect(Quantity.megabytes.words(812.4) == "812 MB" && Quantity.megabytes.words(2140) == "2.14 GB")
    #expect(Quantity.whole(12_345.4) == "12,345" && Quantity.whole(0x1p63) == "9.22e18")
    #expect(Quantity.plain(.infinity) == "inf" && Quantity.rate(-.infinity) == "-inf")
    #expect(Quantity.loss.words(0.43125) == "0.4313" && Quantity.loss.words(12_345) == "12,345")
  }

  /// What is under the pointer is written as what stands beside the curve.
  @Test func theScriptHasTheSameUnitsOfTime() {
    for unit in ["no time", "under 0.1 ms", " ms", " s", " min ", " h ", " min", " day ", " days ", " h"] {
      #expect(ReportScript.javaScript.contains("\"\(unit)\""), "\(unit)")
    }
  }

  @Test func labelsOfAxesAreShort() {
    #expect([0, 5000, 20_000, 1_500_000].map(Quantity.short) == ["0", "5000", "20k", "1.5M"])
    #expect([0, 1.5e-6, 0.02, 1.5, 300].map(Quantity.seconds.label) == ["0", "1.5 µs", "20 ms", "1.5 s", "5 min"])
    #expect(Quantity.number.label(-2) == "−2" && Quantity.share.label(0.25) == "25 %")
  }

  @Test func aNameSaysWhatItsNumberIs() {
    #expect(Quantity(of: "data_seconds") == .seconds && Quantity(of: "heldout_loss") == .loss)
    #expect(Quantity(of: "knn_top1") == .share && Quantity(of: "rankme") == .number)
    #expect(Title.of("heldout_loss") == "Held-out loss" && Title.of("knn_top1") == "k-NN top-1")
  }
}
