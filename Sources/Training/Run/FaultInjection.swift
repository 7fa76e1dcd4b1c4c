/// A fault that tests ask for, to see that it is found: `MAE_FAULT=KIND:step=N:rank=R[:once]`.
///
/// Kinds: `nan` puts a value that is not a number into an image of the step; `flip` flips a bit of a parameter after it.
/// With `once` a step that is taken again is spared.
struct FaultInjection {
  enum Kind: String {
    case nan
    case flip
  }

  private let kind: Kind
  private let step: Int
  private let rank: Int
  private let once: Bool
  private var isSpent = false

  /// - Returns: nil where the environment asks for none.
  init?(environment: [String: String], rank thisRank: Int) {
    guard let text = environment["MAE_FAULT"] else { return nil }
    let parts = text.split(separator: ":")
    func number(_ name: String) -> Int? {
      parts.first { $0.hasPrefix("\(name)=") }.flatMap { Int($0.dropFirst(name.count + 1)) }
    }
    guard let kind = parts.first.flatMap({ Kind(rawValue: String($0)) }), let step = number("step"),
      let rank = number("rank"), rank == thisRank
    else { return nil }
    (self.kind, self.step, self.rank, once) = (kind, step, rank, parts.contains("once"))
  }

  /// Whether a fault of this kind is due at `step`, counted from 1.
  mutating func isDue(_ kind: Kind, at step: Int) -> Bool {
    guard kind == self.kind, step == self.step, !isSpent else { return false }
    isSpent = once
    return true
  }
}
