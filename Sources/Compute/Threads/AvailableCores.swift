#if canImport(Glibc)
  import Glibc
#endif

/// The cores that this process may run on: fewer than the machine has where a launcher or a container bound it.
public func availableCores() -> Int {
  var set = cpu_set_t()
  guard sched_getaffinity(0, MemoryLayout<cpu_set_t>.size, &set) == 0 else {
    return max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  }
  return withUnsafeBytes(of: &set) { bytes in bytes.reduce(0) { $0 + $1.nonzeroBitCount } }
}
