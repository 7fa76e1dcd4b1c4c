import Files
import Reporting

extension SystemFiles {
  /// Whether large buffers lie in huge pages: products walk through many pages, and with small ones wait for addresses.
  var hugePages: Finding {
    let path = "/sys/kernel/mm/transparent_hugepage/enabled"
    // `always [madvise] never`
    guard let chosen = text(path)?.firstMatch(of: /\[(\w+)\]/)?.1 else {
      return .ok("huge pages", "the kernel does not say whether it has them")
    }
    guard chosen == "never" else { return .ok("huge pages", "given (\(chosen))") }
    return .warning(
      "huge pages", "the kernel gives none, so that products wait for the addresses of small ones",
      do: "as root: echo madvise > \(path)")
  }

  /// Whether ranks of one host have room for what passes between them.
  ///
  /// - Parameters:
  ///   - space: of /dev/shm; nil where there is none.
  ///   - ranks: of this host, now or at most.
  func sharedMemory(_ space: FileSystemSpace?, ranks: Int) -> Finding {
    // Open MPI takes a segment of 4 MiB for each rank (btl_vader_segment_size), and its daemon some more.
    let needed = ranks * 8 << 20
    guard let space else {
      return .failure(
        "/dev/shm", "there is none, and ranks of one host pass messages through it",
        do: "mount it: mount -t tmpfs tmpfs /dev/shm (docker run --shm-size=1g)")
    }
    let free = "\(ProgressFormat.bytes(space.availableBytes)) of \(ProgressFormat.bytes(space.totalBytes)) free"
    guard space.availableBytes < needed else { return .ok("/dev/shm", free) }
    return .failure(
      "/dev/shm",
      "\(free), and \(ProgressFormat.count(ranks, "rank")) of this host may need \(ProgressFormat.bytes(needed))",
      do:
        "remove what ended jobs have left there (/dev/shm/vader_segment*), or make it larger: mount -o remount,size=1g "
        + "/dev/shm (docker run --shm-size=1g)")
  }
}
