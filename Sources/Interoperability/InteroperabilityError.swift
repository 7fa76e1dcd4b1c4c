import Checkpoints
import Configuration
import Files
import Foundation
import Safetensors
import Training

/// Why weights could not be taken over or handed on; each says in one sentence what was found and what to do.
public enum InteroperabilityError: UsageError {
  case checkpoint(CheckpointError)
  case configuration(ConfigurationError)
  case safetensors(SafetensorsError)
  case file(FileError)
  case nothingThere(path: String)
  /// A file that only Python's pickle can read.
  case pickled(path: String)
  case noWeights(path: String)
  case unknownNaming(path: String, example: String)
  case malformedConfiguration(path: String, reason: String)
  case unsupported(path: String, key: String, found: String, expected: String)
  case headsUnknown(path: String, key: String, width: Int)
  case gridUnknown(path: String, patches: Int)
  case tensorMissing(path: String, tensor: String)
  case tensorUnexpected(path: String, tensor: String)
  case shapeDiffers(path: String, tensor: String, expected: [Int], found: [Int], advice: String)
  case notFinite(path: String, tensor: String, index: Int, value: Float)
  case outputExists(path: String)
  case noClassifier(path: String, tensor: String)
  /// Of the weights, which the run of a checkpoint did not keep.
  /// An ecosystem has no word for what is to be handed on.
  case inexpressible(reason: String)
  case batch(path: String, reason: String)

  public var description: String {
    switch self {
    case .checkpoint(let error): error.description
    case .configuration(let error): error.description
    case .safetensors(let error): error.description
    case .file(let error): error.description
    case .nothingThere(let path):
      "\"\(escaped(path))\" does not exist; give a folder with model.safetensors, or a safetensors file"
    case .pickled(let path):
      """
      "\(escaped(path))" is a Python pickle, which could run anything when it is opened, so it is never read here; convert it \
      with these lines of Python, then import what they write:
      \(conversionLines(of: path))
      """
    case .noWeights(let path):
      "\"\(escaped(path))\" has neither model.safetensors nor model.safetensors.index.json; give the folder that holds them, or a "
        + "safetensors file"
    case .unknownNaming(let path, let example):
      "\"\(escaped(path))\" holds no Vision Transformer: it has neither patch_embed.proj.weight (timm, the authors) nor "
        + "embeddings.patch_embeddings.projection.weight (Hugging Face), but for example \(example)"
    case .malformedConfiguration(let path, let reason):
      "\"\(escaped(path))\" does not say what it should: \(reason)"
    case .unsupported(let path, let key, let found, let expected):
      "\"\(escaped(path))\" has \(key) = \(found), where a masked autoencoder here has \(expected)"
    case .headsUnknown(let path, let key, let width):
      "\"\(escaped(path))\" does not say how many attention heads its width \(width) is divided into, and weights do not show it; "
        + "say it with --set \(key)=N"
    case .gridUnknown(let path, let patches):
      "\"\(escaped(path))\" has positions for \(patches) patches, which is not the square of a whole number; say its size with "
        + "--set model.image_size=[HEIGHT, WIDTH]"
    case .tensorMissing(let path, let tensor):
      "\"\(escaped(path))\" has no tensor \"\(escaped(tensor))\", which the model needs"
    case .tensorUnexpected(let path, let tensor):
      "\"\(escaped(path))\" has a tensor \"\(escaped(tensor))\", which is no part of a masked autoencoder; it is the file of another model"
    case .shapeDiffers(let path, let tensor, let expected, let found, let advice):
      "\"\(escaped(path))\": tensor \"\(escaped(tensor))\" has shape \(found), expected \(expected)\(advice)"
    case .notFinite(let path, let tensor, let index, let value):
      "\"\(escaped(path))\": tensor \"\(escaped(tensor))\" holds a value that is not finite (\(value) at place \(index)), so no model can be "
        + "made of it; take another file, of an earlier step for example"
    case .outputExists(let path):
      "\"\(escaped(path))\" exists already and is not overwritten; name another --output"
    case .noClassifier(let path, let tensor):
      "\"\(escaped(path))\" holds no classifier, for it has no tensor \"\(tensor)\"; import it without --classifier"
    case .inexpressible(let reason): reason
    case .batch(let path, let reason):
      "the batch \"\(escaped(path))\" cannot be used: \(reason)"
    }
  }

  /// Whether the command is at fault (exit code 2), and not the world (1).
  public var isUsage: Bool {
    switch self {
    case .configuration, .headsUnknown, .gridUnknown, .outputExists, .noClassifier, .inexpressible: true
    case .checkpoint(let error): isUsageError(error)
    default: false
    }
  }
}

/// Python that makes a safetensors file beside a pickle, of the weights that lie in it by themselves or as `model` or
/// `state_dict`. The authors' trainer leaves its arguments, an `argparse.Namespace`, beside them.
private func conversionLines(of path: String) -> String {
  let target = URL(filePath: path).deletingPathExtension().appendingPathExtension("safetensors").relativePath
  return """
    import argparse, os, safetensors.torch, torch
    torch.serialization.add_safe_globals([argparse.Namespace])
    weights = torch.load(\(pythonPath(path)), map_location="cpu", weights_only=True)
    weights = weights.get("model", weights.get("state_dict", weights))
    weights = {k: v.contiguous() for k, v in weights.items() if isinstance(v, torch.Tensor)}
    safetensors.torch.save_file(weights, \(pythonPath(target)))
    """
}

/// A path as Python has it: a string of JSON is one of Python's, and bytes that are no UTF-8 it decodes in its own way.
private func pythonPath(_ path: String) -> String {
  let bytes = pathBytes(path)
  guard String(validating: bytes, as: UTF8.self) == nil else {
    return String(decoding: jsonBytes(path).dropLast(), as: UTF8.self)
  }
  return "os.fsdecode(b\"" + bytes.map { "\\x" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "\")"
}

/// Runs `body` and passes its error on as this module's.
func interoperating<Value, Failure: Error>(
  _ wrap: (Failure) -> InteroperabilityError, _ body: () throws(Failure) -> Value
) throws(InteroperabilityError) -> Value {
  do {
    return try body()
  } catch {
    throw wrap(error)
  }
}
