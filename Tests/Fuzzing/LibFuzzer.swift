import Glibc

/// What libFuzzer calls with each input (https://llvm.org/docs/LibFuzzer.html). Which format it is for, and where a file may be
/// written, it is told by `MAE_FUZZ_TARGET` and `MAE_FUZZ_FOLDER`. `launch/soak fuzz` links it with libFuzzer's `main`.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  target.read(Array(UnsafeBufferPointer(start: data, count: count)), folder: folder)
  return 0
}

private let target: FuzzTarget = {
  let name = getenv("MAE_FUZZ_TARGET").map { String(cString: $0) } ?? ""
  guard let target = FuzzTarget(rawValue: name) else {
    fatalError("MAE_FUZZ_TARGET is \"\(name)\", and must be one of \(FuzzTarget.allCases.map(\.rawValue))")
  }
  return target
}()

private let folder = getenv("MAE_FUZZ_FOLDER").map { String(cString: $0) } ?? "/tmp"
