import Reporting
import Testing

struct ProgressFormatTests {
  @Test(arguments: [
    (0, "0s"), (0.4, "0s"), (59.4, "59s"), (59.6, "1m00s"), (725, "12m05s"), (3599.4, "59m59s"), (3599.6, "1h00m"),
    (7380, "2h03m"), (7199, "2h00m"), (86_369, "23h59m"), (86_371, "1d00h"), (273_600, "3d04h"),
    (86_400 * 400.0, "400d00h"),
    (-1, "?"), (.nan, "?"), (.infinity, "?"), (1e300, "?"),
  ])
  func durations(seconds: Double, text: String) {
    #expect(ProgressFormat.duration(seconds) == text)
  }

  @Test(arguments: [
    (0, "0"), (1, "1.00"), (9.994, "9.99"), (9.996, "10.0"), (99.94, "99.9"), (99.96, "100"), (412.4, "412"),
    (12345, "12345"), (123_456, "1.23e+05"), (0.5, "0.500"), (0.0123, "0.0123"), (0.00123, "0.00123"),
    (0.00015, "1.50e-04"), (-2.5, "-2.50"), (.nan, "nan"), (-.infinity, "-inf"),
  ])
  func measures(value: Double, text: String) {
    #expect(ProgressFormat.measure(value) == text)
  }

  @Test func losses() {
    #expect([0.43125, 12, 1e6, .nan].map(ProgressFormat.loss) == ["0.4313", "12.0000", "1.00e+06", "nan"])
  }

  @Test func sparklines() {
    #expect(Sparkline.text([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█")
    #expect(Sparkline.text([3, 3]) == "▁▁")
    #expect(Sparkline.text([1, .nan, 0, .infinity]) == "█×▁×")
    #expect(Sparkline.text([.nan]) == "×" && Sparkline.text([]) == "")
    #expect(Sparkline.text([-1.7e308, 1.7e308]) == "▁█")
  }

  @Test(arguments: [
    (0, "0 bytes"), (999, "999 bytes"), (1000, "1.00 kB"), (999_499, "999 kB"), (999_500, "1.00 MB"),
    (67_108_864, "67.1 MB"), (25_300_000_000, "25.3 GB"), (1_500_000_000_000_000, "1500 TB"),
  ]) func bytes(count: Int, text: String) {
    #expect(ProgressFormat.bytes(count) == text)
  }
}
