import Foundation
import Reporting

/// What `mae doctor` has found on all hosts.
public struct Diagnosis: Codable, Sendable {
  public let hosts: [HostReport]
  /// Of the hosts together.
  public let findings: [Finding]

  public init(_ hosts: [HostReport], _ findings: [Finding]) {
    self.hosts = hosts
    self.findings = findings
  }

  private var all: [Finding] { findings + hosts.flatMap(\.findings) }

  public var hasFailed: Bool { all.contains { $0.level == .failure } }

  /// For people: a line for each finding, below a warning or a failure what to do. What several hosts share is said once.
  public var text: String {
    let order = hosts.flatMap(\.findings).map(\.subject).reduce(into: [String]()) { subjects, subject in
      if !subjects.contains(subject) { subjects.append(subject) }
    }
    let shared = order.flatMap { lines(of: $0) } + findings.map { line($0, of: []) }
    return (shared + [summary]).joined(separator: "\n")
  }

  /// The findings of a subject, those of the same kind on several hosts in one line.
  private func lines(of subject: String) -> [String] {
    var groups: [(finding: Finding, hosts: [String])] = []
    for report in hosts {
      for finding in report.findings where finding.subject == subject {
        // A host may have several of a kind.
        if let index = groups.firstIndex(where: { $0.finding.isLike(finding) && $0.hosts.last != report.host }) {
          groups[index].hosts.append(report.host)
        } else {
          groups.append((finding, [report.host]))
        }
      }
    }
    return groups.map { line($0.finding, of: $0.hosts.count == hosts.count ? [] : $0.hosts) }
  }

  private func line(_ finding: Finding, of names: [String]) -> String {
    let level = finding.level.rawValue.padding(toLength: 9, withPad: " ", startingAt: 0)
    let subject = finding.subject.padding(toLength: 15, withPad: " ", startingAt: 0)
    let place = names.isEmpty ? "" : names.joined(separator: ", ") + ": "
    let advice = finding.advice.map { "\n" + String(repeating: " ", count: 9) + "-> \($0)" } ?? ""
    return level + subject + place + finding.found + advice
  }

  private var summary: String {
    let (failures, warnings) = (all.count { $0.level == .failure }, all.count { $0.level == .warning })
    let names = hosts.map(\.host).joined(separator: ", ")
    let place = hosts.isEmpty ? "" : hosts.count == 1 ? " on \(names)" : " on \(hosts.count) hosts: \(names)"
    if failures == 0, warnings == 0 { return "all is well\(place)" }
    return [(failures, "failure"), (warnings, "warning")].filter { $0.0 > 0 }.map { ProgressFormat.count($0, $1) }
      .joined(separator: ", ") + place
  }
}

extension Finding {
  /// Whether two hosts have been found alike, whatever they measured.
  fileprivate func isLike(_ other: Finding) -> Bool {
    guard subject == other.subject, level == other.level else { return false }
    // A failure that says what to do in its own words is alike where these are.
    return level == .ok || (advice == other.advice && (advice != nil || found == other.found))
  }
}
