/// The ecosystems whose names are known.
public enum TensorNaming: Sendable {
  /// The authors' and timm's.
  case native
  /// transformers', on disk.
  case huggingFace

  /// The naming of a file that holds these tensors; nil when it is neither.
  init?(of names: Set<String>) {
    if names.contains("patch_embed.proj.weight") {
      self = .native
    } else if !names.isDisjoint(with: patchEmbeddings) {
      self = .huggingFace
    } else {
      return nil
    }
  }

  /// The names under which a tensor of the model is kept: for each part of its rows, in their order, the name that is
  /// written and then the others that are read.
  ///
  /// - Parameter native: a name of the parameter table, `pos_embed` or `decoder_pos_embed`.
  func parts(of native: String) -> [[String]] {
    let (rule, block, ending) = rule(for: native)
    func fill(_ pattern: String) -> String { pattern.replacing("#", with: block, maxReplacements: 1) + ending }
    switch self {
    case .native:
      return [[native] + rule.alsoNative.map(fill)]
    case .huggingFace:
      return rule.huggingFace.map { names in
        let full = names.map(fill)
        return full + full.filter { $0.hasPrefix("vit.") }.map { String($0.dropFirst(4)) }
      }
    }
  }

  /// The rule of a tensor, the number of its block, and what follows the module's name.
  private func rule(for native: String) -> (NameRule, block: String, ending: String) {
    var steps = native.split(separator: ".").map(String.init)
    var block = ""
    if steps.count > 1, ["blocks", "decoder_blocks"].contains(steps[0]) {
      block = steps[1]
      steps[1] = "#"
    }
    let ending = ["weight", "bias"].contains(steps.last) ? ".\(steps.removeLast())" : ""
    let module = steps.joined(separator: ".")
    guard let rule = nameRules.first(where: { $0.native == module }) else {
      preconditionFailure("the table of names has no rule for \(native)")
    }
    return (rule, block, ending)
  }
}

private let patchEmbeddings: Set = [
  "vit.embeddings.patch_embeddings.projection.weight", "embeddings.patch_embeddings.projection.weight",
]
