import Checkpoints
import Collectives
import Compute
import Configuration
import Files
import Foundation
import Hashing

/// What a rank was told: its program, command, options and configuration. Ranks that were told different things would wait
/// for one another for ever, or train something that nobody asked for, so they compare these before anything else.
public struct StartStatement: Codable, Equatable, Sendable {
  public struct Item: Codable, Equatable, Sendable {
    let name: String
    let value: String

    public init(_ name: String, _ value: String) {
      (self.name, self.value) = (name, value)
    }
  }

  /// Why a rank cannot do what it was told. It takes part in the comparison all the same, so that no other waits for it.
  public struct Refusal: Codable, Equatable, Sendable {
    /// One sentence.
    public let sentence: String
    public let isUsage: Bool

    public init(_ sentence: String, isUsage: Bool) {
      (self.sentence, self.isUsage) = (sentence, isUsage)
    }
  }

  let items: [Item]
  let refusal: Refusal?

  /// - Parameter items: what is to be the same on all ranks, each name once.
  public init(_ items: [Item], refusal: Refusal? = nil) {
    self.items = items
    self.refusal = refusal
  }

  /// A statement of options, the program and its environment, and of the configuration unless that could not be read. What
  /// belongs to a machine (`data.path`, `data.workers`, `parallel.threads`) is left out: it may differ.
  public init(
    options: [Item], entries: Result<[ConfigurationEntry], any Error>? = nil, refusal: Refusal? = nil,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    var items = [Item("program", Self.program)] + options
    items.append(Item(FaultInjection.variable, environment[FaultInjection.variable] ?? "not set"))
    switch entries {
    case nil: self.init(items, refusal: refusal)
    case .failure(let error):
      self.init(items, refusal: refusal ?? Refusal("\(error)", isUsage: isUsageError(error)))
    case .success(let entries):
      let compared = entries.filter { !isMachineKey($0.path) }
      self.init(items + compared.map { Item($0.path.description, $0.value) }, refusal: refusal)
    }
  }

  /// Version and content: two builds of one version may differ in every bit that they compute.
  private static var program: String {
    let content = (try? readFile("/proc/self/exe")) ?? []
    let hash = content.withUnsafeBytes { ContentHash(of: $0).hexadecimal }
    return "mae \(programVersion) of \(hash)"
  }

  /// What another rank was told otherwise, as `name: here -> there`.
  func differences(to other: StartStatement) -> [String] {
    let (here, there) = (values, other.values)
    let names = items.map(\.name) + other.items.map(\.name).filter { here[$0] == nil }
    return names.compactMap { name in
      here[name] == there[name] ? nil : "\(name): \(here[name] ?? "nothing") -> \(there[name] ?? "nothing")"
    }
  }

  private var values: [String: String] {
    Dictionary(items.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
  }
}

extension Communicator {
  /// Compares what all ranks were told, as the first thing that they do together.
  ///
  /// The first exchange has one length in all versions of this program, so that it pairs with itself whatever a rank was
  /// told; the second is there only where the first has shown all ranks that it is needed.
  ///
  /// - Throws: on all ranks the same `SharedError`, where one was told something else or cannot do it. Where all refuse in the
  ///   same words nothing is thrown: they agree, and each knows.
  public func compare(_ statement: StartStatement) throws {
    guard size > 1 else { return }
    let encoder = JSONEncoder()
    // Equal statements have equal bytes.
    encoder.outputFormatting = .sortedKeys
    let text = try encoder.encode(statement)
    let headers = try exchange(StartHeader(of: text))
    if let other = headers.firstIndex(where: { $0.format != StartHeader.format }) {
      throw SharedError(
        description: "rank \(other) on \(hostNames[other]) runs another version of this program than rank \(rank) on "
          + "\(hostName); install the same on all hosts.", isUsage: true)
    }
    guard headers.contains(where: { $0 != headers[0] }) else { return }
    let statements = try allgather(Array(text)).map { try JSONDecoder().decode(StartStatement.self, from: Data($0)) }
    if let rank = statements.firstIndex(where: { $0.refusal != nil && $0.refusal != statements[0].refusal })
      ?? statements.firstIndex(where: { $0.refusal != nil }), let refusal = statements[rank].refusal
    {
      throw SharedError(description: "rank \(rank): \(refusal.sentence)", isUsage: refusal.isUsage)
    }
    let other = statements.firstIndex { $0 != statements[0] }!
    throw TrainingError.ranksDiffer(rank: other, differences: statements[0].differences(to: statements[other]))
  }

  private func exchange(_ header: StartHeader) throws(CommunicatorError) -> [StartHeader] {
    let words = header.words
    let mine = AlignedBuffer<Double>(repeating: 0, count: words.count)
    let all = AlignedBuffer<Double>(repeating: 0, count: size * words.count)
    for (index, word) in words.enumerated() { mine.base[index] = Double(bitPattern: word) }
    try allgather(mine.all, into: all.all)
    return (0..<size).map { rank in
      StartHeader(words: words.indices.map { all.base[rank * words.count + $0].bitPattern })
    }
  }
}

/// Eight words about a statement. Their number and the meaning of the first stay for ever.
private struct StartHeader: Equatable {
  /// "MAE", and the version of what follows.
  static let format: UInt64 = 0x4d41_4500_0000_0001

  let words: [UInt64]
  var format: UInt64 { words[0] }

  init(words: [UInt64]) {
    self.words = words
  }

  init(of text: Data) {
    let hash = text.withUnsafeBytes { ContentHash(of: $0).hexadecimal }
    let halves = [hash.prefix(16), hash.suffix(16)].map { UInt64($0, radix: 16)! }
    words = [Self.format, UInt64(text.count)] + halves + [0, 0, 0, 0]
  }
}
