/// `--set model.encoder.width=384`.
extension ConfigurationNode {
  /// The section that a file would hold to say the same. What stands behind the first `=` is read as YAML, so that
  /// lists (`data.mean=[0.5, 0.5, 0.5]`) and `null` are written as in the file.
  init(override text: String) throws(ConfigurationError) {
    let origin = ConfigurationOrigin.override(text)
    guard let equals = text.firstIndex(of: "=") else {
      throw ConfigurationError(
        .malformedOverride, at: nil, "--set needs key=value, as in train.epochs=800, found \"\(text)\"")
    }
    let names = text[..<equals].split(separator: ".", omittingEmptySubsequences: false)
    guard names.allSatisfy({ !$0.isEmpty && $0.allSatisfy { !$0.isWhitespace } }) else {
      throw ConfigurationError(
        .malformedOverride, at: nil,
        "--set needs key=value with a key as in train.epochs, found the key \"\(text[..<equals])\" in \"\(text)\"")
    }
    let value = try ConfigurationNode(yaml: String(text[text.index(after: equals)...]), origin: { _ in origin })
    self = names.reversed().reduce(value) { nested, name in
      ConfigurationNode(.section([Entry(key: String(name), value: nested, origin: origin)]), origin: origin)
    }
  }
}
