import CProcessor

/// Kernels for products that may be asked for by name: our own, whose bits are those of every CPU, and OpenBLAS's for
/// x86-64 that may be worth it, oldest first.
public enum BLASKernelName: String, CaseIterable, Comparable, Sendable {
  case own = "mae"
  case nehalem = "Nehalem"
  case sandybridge = "Sandybridge"
  case haswell = "Haswell"
  case zen = "Zen"
  case skylakeX = "SkylakeX"
  case cooperlake = "Cooperlake"
  case sapphireRapids = "SapphireRapids"

  /// Those that this CPU has the instructions for, whether or not its library has the kernels.
  public static var runnable: [BLASKernelName] { allCases.filter { $0.missingInstructions == nil } }

  public static func < (one: Self, other: Self) -> Bool {
    allCases.firstIndex(of: one)! < allCases.firstIndex(of: other)!
  }

  /// What a person calls the kernels of this name, known here or not: "mae's own kernels", "OpenBLAS's Zen kernels", and
  /// of bfloat16 "oneDNN's avx512_core_bf16 kernels".
  public static func description(of name: String) -> String {
    if name == BLASKernelName.own.rawValue { return "mae's own kernels" }
    if name.hasPrefix(OneDNN.prefix) { return "oneDNN's \(name.dropFirst(OneDNN.prefix.count)) kernels" }
    return "OpenBLAS's \(name) kernels"
  }

  /// The first of the instruction sets that these kernels need and this CPU lacks.
  public var missingInstructions: String? {
    processor_lacks(UInt32(instructions)).map { String(cString: $0) }
  }

  private var instructions: Int {
    let avx2 = PROCESSOR_AVX2 | PROCESSOR_FMA
    let avx512 = avx2 | PROCESSOR_AVX512F | PROCESSOR_AVX512BW | PROCESSOR_AVX512VL | PROCESSOR_AVX512DQ
    return switch self {
    case .own: 0
    case .nehalem: PROCESSOR_SSE42
    case .sandybridge: PROCESSOR_AVX
    case .haswell, .zen: avx2
    case .skylakeX: avx512
    case .cooperlake: avx512 | PROCESSOR_AVX512VNNI | PROCESSOR_AVX512BF16
    case .sapphireRapids: avx512 | PROCESSOR_AVX512VNNI | PROCESSOR_AVX512BF16 | PROCESSOR_AVX512FP16
    }
  }
}
