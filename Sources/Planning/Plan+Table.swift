import Foundation
import Reporting

extension Plan {
  /// For people.
  public var table: String {
    var lines = memory.map { ($0.name, String(format: "%10.1f MB", $0.megabytes)) }
    lines += [
      ("memory of a rank", String(format: "%10.1f MB", memoryMb)),
      ("checkpoint copy", String(format: "%10.1f MB", checkpointCopyMb)),
      ("", ""),
      (
        "ranks",
        "\(ranks), each \(ProgressFormat.count(imagesPerRank, "image")) in \(ProgressFormat.count(rounds, "round")); bits "
          + (hasEqualBits ? "equal on other such numbers" : "depend on this number of ranks")
      ),
      (
        "rates of a rank",
        String(
          format: "%.0f GFLOP/s in products, %.2f Gelements/s in functions, %.1f GB/s of memory", rates.gemmGflops,
          rates.functionGigaelements, rates.memoryGigabytes)
      ),
      ("forward", String(format: "%10.4f s", computeSeconds.forward)),
      ("backward", String(format: "%10.4f s", computeSeconds.backward)),
      ("optimizer", String(format: "%10.4f s", computeSeconds.optimizer)),
      (
        "waiting for allreduce",
        String(format: "%10.4f s of %.4f s that it takes", waitingSeconds, allreduceSeconds)
      ),
      ("step", String(format: "%10.4f s", stepSeconds)),
      ("scaling efficiency", String(format: "%10.1f %%", 100 * scalingEfficiency)),
      ("images a second", String(format: "%10.1f", imagesPerSecond)),
      ("epochs a day", String(format: "%10.2f of %d images", epochsPerDay, images)),
    ]
    return lines.map { $0.0.isEmpty ? "" : $0.0.padding(toLength: 24, withPad: " ", startingAt: 0) + $0.1 }
      .joined(separator: "\n")
  }
}
