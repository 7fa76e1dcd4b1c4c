import ArgumentParser
import Checkpoints
import Files
import Foundation
import Reporting
import Training

struct RunsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs", abstract: "List the runs in a folder: how far they are, and how they do.",
    discussion: "For example: mae runs runs")

  @Argument(help: ArgumentHelp("A folder of run directories, or one of them.", valueName: "FOLDER"))
  var folder: String

  @Flag(name: .long, help: "Print a JSON list, an object for each run.")
  var json = false

  func run() throws {
    do {
      guard try fileKindFollowingLinks(folder) == .directory else {
        fail("\"\(escaped(folder))\" is no folder: name one of run directories.", code: 1)
      }
      let directories = try runDirectories(in: folder)
      guard !directories.isEmpty else {
        fail(
          "there is no run in \(escaped(folder)), nor in the folders in it: a run directory holds a log.jsonl.", code: 1
        )
      }
      let rows = directories.map { RunRow(directory: $0, below: folder) }
      if json {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        // As the log writes what JSON has no number for.
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
          positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        print(String(decoding: try encoder.encode(rows), as: UTF8.self))
      } else {
        print(RunRow.table(rows))
      }
    } catch {
      fail(error)
    }
  }
}

/// The directories in `folder`, itself and two levels down, that hold a run's log.
private func runDirectories(in folder: String, levels: Int = 2) throws(FileError) -> [String] {
  var found: [String] = []
  if try fileKindFollowingLinks("\(folder)/log.jsonl") == .regular { found.append(folder) }
  guard levels > 0 else { return found }
  for name in try listDirectory(folder) where !["checkpoints", "gallery"].contains(name) && !name.hasPrefix(".") {
    let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
    guard (try? fileKindFollowingLinks(path)) == .directory else { continue }
    // A folder that may not be looked into is no reason to say nothing of the others.
    found += (try? runDirectories(in: path, levels: levels - 1)) ?? []
  }
  return found
}

/// What the list says of a run.
private struct RunRow: Encodable {
  let run: String
  let state: String
  /// Nil where the log cannot be read.
  let step: Int?
  let lastStep: Int?
  let epoch: Double?
  let loss: Double?
  let knn: Double?
  let imagesPerSecond: Double?
  let secondsLeft: Double?
  /// Of the parameters of the newest checkpoint, as `mae inspect` says it.
  let parameters: String?
  let headline: String
  let health: [String]

  /// A run that cannot be read has a row too, which says why, and the others have theirs.
  init(directory: String, below folder: String) {
    let prefix = folder.hasSuffix("/") ? folder : folder + "/"
    run = directory.hasPrefix(prefix) ? String(directory.dropFirst(prefix.count)) : directory
    parameters = newestParameters(of: directory)
    do {
      let read = try readRun(directory, showsImages: false)
      let figures = read.listed
      (state, step, lastStep, epoch) = (read.state.word, read.history.lastStep, figures.totalSteps, figures.epoch)
      (loss, knn, imagesPerSecond) = (figures.loss, figures.knn, figures.imagesPerSecond)
      secondsLeft = read.state == .running ? figures.secondsLeft : nil
      (headline, health) = (read.headline, read.findings.map(\.line))
    } catch {
      (state, step, lastStep, epoch) = ("cannot be read", nil, nil, nil)
      (loss, knn, imagesPerSecond, secondsLeft) = (nil, nil, nil, nil)
      (headline, health) = ("\(error)", [])
    }
  }

  private var steps: String? { step.map { step in lastStep.map { "\(step)/\($0)" } ?? "\(step)" } }

  private var cells: [String] {
    [
      escaped(run), state, steps ?? "-", loss.map(ProgressFormat.loss) ?? "-",
      knn.map { String(format: "%.1f %%", $0 * 100) } ?? "-", imagesPerSecond.map(ProgressFormat.measure) ?? "-",
      parameters.map { String($0.prefix(12)) } ?? "-",
    ]
  }

  /// Columns, and under each run what is to be said of it.
  static func table(_ rows: [RunRow]) -> String {
    let head = ["run", "state", "step", "loss", "k-NN", "images/s", "parameters"]
    let cells = [head] + rows.map(\.cells)
    let widths = head.indices.map { column in cells.map { $0[column].count }.max()! }
    let lines = cells.map { row in
      zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }.joined(separator: "  ")
        .replacing(/\s+$/, with: "")
    }
    return zip(lines, [nil] + rows.map(Optional.some)).map { line, row in
      guard let row else { return line }
      let remarks = row.health.isEmpty ? [row.headline] : row.health
      return ([line] + remarks.map { "    \($0)" }).joined(separator: "\n")
    }.joined(separator: "\n")
  }
}

/// Reads the file of parameters, and nothing of the optimiser's, which is twice as large. Nil where there is none.
private func newestParameters(of run: String) -> String? {
  let store = CheckpointStore(directory: RunDirectory(path: run).checkpoints)
  guard let newest = try? store.steps().last else { return nil }
  return try? Checkpoint.open(store.path(of: newest), isVerified: true).parameterHash()
}

/// A run as its directory tells it.
func readRun(_ directory: String, showsImages: Bool) throws -> ReportedRun {
  let presence = RunLock.presence(runDirectory: directory)
  return try ReportedRun(
    directory: directory, showsImages: showsImages,
    isAlive: { history in
      switch presence {
      case .held: true
      case .free: false
      // A lock of another host may not be seen here; a log that grows is.
      case .unknown: history.wasWrittenWithin(seconds: 120)
      }
    })
}
