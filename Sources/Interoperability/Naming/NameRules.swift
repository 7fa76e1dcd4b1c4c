/// What one module of the model is called in the authors' and timm's checkpoints (which is its name here), and in
/// Hugging Face's on disk.
///
/// `#` stands for the number of a block.
struct NameRule: Sendable {
  let native: String
  /// The parts that its rows are divided into in Hugging Face's files: one, or query, key and value. Of each part the
  /// name that is written, then others that are read.
  let huggingFace: [[String]]
  /// Other names in the authors' and timm's files that are read.
  let alsoNative: [String]

  init(_ native: String, _ huggingFace: [String]..., alsoNative: [String] = []) {
    self.native = native
    self.huggingFace = huggingFace
    self.alsoNative = alsoNative
  }
}

/// The one table of names. Parameters of a module (`.weight`, `.bias`) keep their last name everywhere.
///
/// transformers 5 calls its modules otherwise in memory than transformers 4 did, and translates on load and save: the
/// old names are written, both are read. A `ViTModel` or `ViTMAEModel` that was saved alone lacks the first `vit.`.
let nameRules: [NameRule] =
  [
    NameRule("cls_token", ["vit.embeddings.cls_token"]),
    NameRule("pos_embed", ["vit.embeddings.position_embeddings"]),
    NameRule("patch_embed.proj", ["vit.embeddings.patch_embeddings.projection"]),
    NameRule("norm", ["vit.layernorm"], alsoNative: ["fc_norm"]),
    // Of a classifier by the mean of the patches, which transformers has not.
    NameRule("fc_norm", ["fc_norm"]),
    NameRule("head", ["classifier"]),
    NameRule("decoder_embed", ["decoder.decoder_embed"]),
    NameRule("mask_token", ["decoder.mask_token"]),
    NameRule("decoder_pos_embed", ["decoder.decoder_pos_embed"]),
    NameRule("decoder_norm", ["decoder.decoder_norm"]),
    NameRule("decoder_pred", ["decoder.decoder_pred"]),
  ] + blockRules("blocks.#", ["vit.encoder.layer.#", "vit.layers.#"])
  + blockRules("decoder_blocks.#", ["decoder.decoder_layers.#", "decoder.decoder_encoder.layer.#"])

private func blockRules(_ native: String, _ huggingFace: [String]) -> [NameRule] {
  func below(_ names: String...) -> [String] {
    huggingFace.flatMap { block in names.map { "\(block).\($0)" } }
  }
  return [
    NameRule("\(native).norm1", below("layernorm_before")),
    NameRule(
      "\(native).attn.qkv", below("attention.attention.query", "attention.q_proj"),
      below("attention.attention.key", "attention.k_proj"), below("attention.attention.value", "attention.v_proj")),
    NameRule("\(native).attn.proj", below("attention.output.dense", "attention.o_proj")),
    NameRule("\(native).norm2", below("layernorm_after")),
    NameRule("\(native).mlp.fc1", below("intermediate.dense", "mlp.fc1")),
    NameRule("\(native).mlp.fc2", below("output.dense", "mlp.fc2")),
  ]
}

/// Parts of other heads that were put on an encoder. They are passed over, and said aloud.
let foreignHeads = ["head.", "fc_norm.", "classifier.", "pooler.", "vit.pooler."]

/// What stands for a removed patch; of no use where the decoder was taken away.
let maskTokens = ["mask_token", "decoder.mask_token", "vit.embeddings.mask_token", "embeddings.mask_token"]

/// What trainers that wrap a model put before the names of all its tensors, one or several of them.
private let wrappers = ["module.", "_orig_mod.", "model."]

/// The wrappers' part that all of `names` begin with; empty where there is none.
func wrapperPrefix(of names: [String]) -> String {
  var prefix = ""
  while let next = wrappers.first(where: { wrapper in names.allSatisfy { $0.hasPrefix(prefix + wrapper) } }),
    !names.isEmpty
  {
    prefix += next
  }
  return prefix
}
