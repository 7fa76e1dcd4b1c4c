import CProcessor

extension SystemFiles {
  /// The CPU's name, as the kernel gives it.
  var processorName: String { field("model name", of: "/proc/cpuinfo") ?? "a CPU of unknown name" }

  /// Cores that the kernel runs.
  var coreCount: Int {
    (text("/proc/cpuinfo") ?? "").split(separator: "\n").count { $0.hasPrefix("processor") }
  }

  /// Whether the CPU has what the program was built for, and whether the program uses what the CPU has.
  ///
  /// - Parameter built: the instruction sets that the program was built for, bits of `PROCESSOR_BUILT_FOR`.
  func processor(built: Int = Int(PROCESSOR_BUILT_FOR)) -> Finding {
    guard let flags = field("flags", of: "/proc/cpuinfo") else {
      return .ok("cpu", "\(processorName); the kernel does not list its instruction sets")
    }
    let has = Set(flags.split(separator: " ").map(String.init))
    let missing = instructionSets.filter { built & $0.bit != 0 && !has.contains($0.flag) }
    if let missing = missing.first {
      return .failure(
        "cpu", "\(processorName) lacks \(missing.name), which this program was built for",
        do:
          "build the program here, or with MAE_CPU set to what all hosts have: MAE_CPU=x86-64-v3 swift build -c release"
      )
    }
    // What the kernels gain by; the rest comes with these.
    let unused = instructionSets.filter { built & $0.bit == 0 && has.contains($0.flag) && $0.isFast }
    if let unused = unused.first {
      return .warning(
        "cpu", "\(processorName) has \(unused.name), and this program was built without it",
        do: "build it on such a CPU, or with MAE_CPU set to one, where all hosts have it: it computes faster then")
    }
    let used = instructionSets.filter { built & $0.bit != 0 && $0.isFast }.map(\.name)
    return .ok("cpu", processorName + (used.isEmpty ? "" : "; the program uses its \(used.joined(separator: ", "))"))
  }

  /// Whether the CPU has instructions for products of bfloat16.
  var multipliesBFloat16: Bool {
    (field("flags", of: "/proc/cpuinfo") ?? "").split(separator: " ").contains("avx512_bf16")
  }
}

private struct InstructionSet {
  let bit: Int
  /// As in /proc/cpuinfo.
  let flag: String
  let name: String
  /// Whether a program without it is much slower.
  var isFast = false
}

private let instructionSets = [
  InstructionSet(bit: Int(PROCESSOR_SSE42), flag: "sse4_2", name: "SSE4.2"),
  InstructionSet(bit: Int(PROCESSOR_AVX), flag: "avx", name: "AVX"),
  InstructionSet(bit: Int(PROCESSOR_AVX2), flag: "avx2", name: "AVX2"),
  InstructionSet(bit: Int(PROCESSOR_FMA), flag: "fma", name: "fused multiply-adds", isFast: true),
  InstructionSet(bit: Int(PROCESSOR_BMI2), flag: "bmi2", name: "BMI2"),
  InstructionSet(bit: Int(PROCESSOR_AVX512F), flag: "avx512f", name: "AVX-512", isFast: true),
  InstructionSet(bit: Int(PROCESSOR_AVX512BW), flag: "avx512bw", name: "AVX-512BW"),
  InstructionSet(bit: Int(PROCESSOR_AVX512VL), flag: "avx512vl", name: "AVX-512VL"),
  InstructionSet(bit: Int(PROCESSOR_AVX512DQ), flag: "avx512dq", name: "AVX-512DQ"),
  InstructionSet(bit: Int(PROCESSOR_AVX512VNNI), flag: "avx512_vnni", name: "AVX512-VNNI"),
  InstructionSet(bit: Int(PROCESSOR_AVX512BF16), flag: "avx512_bf16", name: "AVX512-BF16", isFast: true),
  InstructionSet(bit: Int(PROCESSOR_AVX512FP16), flag: "avx512_fp16", name: "AVX512-FP16"),
]
