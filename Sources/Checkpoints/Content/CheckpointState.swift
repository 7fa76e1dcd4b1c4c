import Files
import Foundation

/// `state.json`: where a run was, and what it ran on. Only the step is needed to resume; the rest is for people.
///
/// In the file, names are in snake case. Keys that this version does not know are ignored, and those that it
/// misses have the defaults below, so that versions may differ.
public struct CheckpointState: Codable, Equatable, Sendable {
  /// What was trained. Checkpoints that do not say are of pre-training, the only task that there was.
  public var task = "pretraining"
  /// Optimiser steps done.
  public var step: Int
  /// Passes over the data set done, with a fraction.
  public var epoch: Double = 0
  public var imagesSeen: Int = 0
  public var virtualWorkers: Int = 0
  /// The number of processes.
  public var worldSize: Int = 0
  /// Worker threads of a process.
  public var threads: Int = 0
  public var programVersion: String = ""
  /// What the BLAS library calls the kernels that it chose.
  public var blasKernel: String = ""
  /// Whether all steps so far were taken so that any number of ranks that divides the work evenly has the same bits; nil where
  /// that was not kept.
  public var hasEqualBits: Bool?
  /// How many images the data set had, and what told it from others; 0 and empty where that was not kept.
  public var dataCount: Int = 0
  public var dataHash: String = ""
  /// The classes that a classifier tells apart, in the order of its labels; empty for other models, and where they were not
  /// kept.
  public var classNames: [String] = []
  /// What the run was told to begin with (`--init-from`); empty where that was nothing.
  public var initialWeights: String = ""
  /// The resolved configuration as YAML.
  public var configuration: String = ""
  /// Samples that did not decode and were replaced.
  public var badSamples: Int = 0
  /// The step of the best checkpoint so far by what the task is evaluated with, and its score; nil where nothing is evaluated.
  public var bestStep: Int?
  public var bestScore: Double?

  public init(step: Int) {
    self.step = step
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(step: try container.decode(Int.self, forKey: .step))
    func read<Value: Decodable>(_ key: CodingKeys, _ path: WritableKeyPath<Self, Value>) throws {
      if let value = try container.decodeIfPresent(Value.self, forKey: key) {
        self[keyPath: path] = value
      }
    }
    try read(.task, \.task)
    try read(.epoch, \.epoch)
    try read(.imagesSeen, \.imagesSeen)
    try read(.virtualWorkers, \.virtualWorkers)
    try read(.worldSize, \.worldSize)
    try read(.threads, \.threads)
    try read(.programVersion, \.programVersion)
    try read(.blasKernel, \.blasKernel)
    hasEqualBits = try container.decodeIfPresent(Bool.self, forKey: .hasEqualBits)
    try read(.dataCount, \.dataCount)
    try read(.dataHash, \.dataHash)
    try read(.classNames, \.classNames)
    try read(.initialWeights, \.initialWeights)
    try read(.configuration, \.configuration)
    try read(.badSamples, \.badSamples)
    bestStep = try container.decodeIfPresent(Int.self, forKey: .bestStep)
    bestScore = try container.decodeIfPresent(Double.self, forKey: .bestScore)
  }

  private enum CodingKeys: String, CodingKey {
    case task
    case step
    case epoch
    case imagesSeen = "images_seen"
    case virtualWorkers = "virtual_workers"
    case worldSize = "world_size"
    case threads
    case programVersion = "program_version"
    case blasKernel = "blas_kernel"
    case hasEqualBits = "has_equal_bits"
    case dataCount = "data_count"
    case dataHash = "data_hash"
    case classNames = "class_names"
    case initialWeights = "initial_weights"
    case configuration
    case badSamples = "bad_samples"
    case bestStep = "best_step"
    case bestScore = "best_score"
  }

  /// The bytes of the file, the same each time.
  var json: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
    } catch {
      preconditionFailure("a state whose numbers are finite can be encoded: \(error)")
    }
  }

  init(contentsOf path: String) throws(CheckpointError) {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try tryingAgain { () throws(FileError) in try readFile(path) }
    } catch {
      throw .unread(error)
    }
    do {
      self = try JSONDecoder().decode(Self.self, from: Data(bytes))
    } catch DecodingError.keyNotFound(let key, _) {
      throw .stateMalformed(path: path, reason: "the key \(key.stringValue) is missing")
    } catch DecodingError.typeMismatch(let type, let context), DecodingError.valueNotFound(let type, let context) {
      let key = context.codingPath.map(\.stringValue).joined(separator: ".")
      throw .stateMalformed(path: path, reason: "\(key) is not of type \(type)")
    } catch {
      throw .stateMalformed(path: path, reason: "it is not valid JSON")
    }
  }
}
