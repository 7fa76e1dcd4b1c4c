/// Faults that tests ask for, to see that they are found: `MAE_FAULT=KIND:step=N:rank=R[:once]`, several with commas between.
///
/// Kinds: `nan` puts a value that is not a number into an image of the step; `flip` flips a bit of a parameter after it.
/// With `once` a step that is taken again is spared.
struct FaultInjection {
  enum Kind: String, CaseIterable {
    case nan
    case flip
  }

  static let variable = "MAE_FAULT"

  private struct Fault {
    var kind: Kind
    var step: Int
    var rank: Int
    var once: Bool
    var isSpent = false
  }

  private var faults: [Fault] = []

  /// - Throws: the variable is set to something that asks for no fault.
  init(environment: [String: String], rank: Int) throws(TrainingError) {
    guard let text = environment[Self.variable], !text.isEmpty else { return }
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let fault = Self.fault(part) else { throw .unreadableFault(text) }
      if fault.rank == rank { faults.append(fault) }
    }
  }

  private static func fault(_ text: Substring) -> Fault? {
    let notation = /(\w+):step=(\d{1,9}):rank=(\d{1,9})(:once)?/
    guard let parts = text.wholeMatch(of: notation), let kind = Kind(rawValue: String(parts.1)),
      let step = Int(parts.2), let rank = Int(parts.3)
    else { return nil }
    return Fault(kind: kind, step: step, rank: rank, once: parts.4 != nil)
  }

  /// Whether a fault of this kind is due at `step`, counted from 1; 0 is before the first.
  mutating func isDue(_ kind: Kind, at step: Int) -> Bool {
    guard let index = faults.firstIndex(where: { $0.kind == kind && $0.step == step && !$0.isSpent }) else {
      return false
    }
    faults[index].isSpent = faults[index].once
    return true
  }
}
