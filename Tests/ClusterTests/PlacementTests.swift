import Foundation
import MPILaunch
import Testing

/// How launch/hosts spreads ranks over the hosts that answer.
struct PlacementTests {
  @Test(arguments: [
    ("a slots=2,b slots=2,c slots=2,d slots=2", "0 1 2 3", 8, "8 ranks: 2 2 2 2 on a b c d"),
    // One of four hosts is gone: three would hold six ranks, and four is the next power of two.
    ("a slots=2,b slots=2,c slots=2,d slots=2", "0 1 3", 8, "4 ranks: 2 2 on a b"),
    // Fewer ranks than slots get hosts of their own.
    ("a slots=2,b slots=2,c slots=2,d slots=2", "0 1 2 3", 2, "2 ranks: 1 1 on a b"),
    // Uneven slots, which no equal number of ranks a host would fill.
    ("a slots=3,b", "0 1", 8, "4 ranks: 3 1 on a b"),
    // Three virtual workers twice: four ranks would not divide them.
    ("a slots=3,b", "0 1", 6, "2 ranks: 1 1 on a b"),
    ("# comment,a,b,,c slots = 1", "0 2", 8, "2 ranks: 1 1 on a c"),
  ])
  func ranksAreAPowerOfTwoThatDividesTheVirtualWorkers(
    hostfile: String, live: String, virtualWorkers: Int, expected: String
  ) throws {
    let script = """
      set -euo pipefail
      . "$1"
      read_hosts <(tr , '\\n' <<<"$2")
      live_hosts=($3)
      choose_ranks "$4"
      place_ranks
      echo "$ranks ranks: ${chosen_slots[*]} on ${chosen_hosts[*]}"
      """
    let outcome = try MPILaunch.run(
      "/usr/bin/env", ["bash", "-c", script, "-", launcher("hosts"), hostfile, live, "\(virtualWorkers)"], ranks: nil)
    #expect(outcome.output == "\(expected)\n", "\(outcome.errorOutput)")
  }
}
