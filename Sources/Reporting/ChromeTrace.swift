import Compute
import Files
import Foundation

/// A trace in the format of Chrome's tracing, "Trace Event Format": JSON that Perfetto (ui.perfetto.dev) and chrome://tracing
/// open.
public enum ChromeTrace {
  /// The file's text.
  ///
  /// - Parameters:
  ///   - rank: becomes the number of the process.
  ///   - process: its name: the rank and its host.
  public static func json(_ trace: Trace, rank: Int, process: String) -> String {
    var events = [
      "{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":\(rank),\"args\":{\"name\":\(text(process))}}",
      "{\"name\":\"process_sort_index\",\"ph\":\"M\",\"pid\":\(rank),\"args\":{\"sort_index\":\(rank)}}",
    ]
    for (index, row) in trace.rows.enumerated() {
      let place = "\"pid\":\(rank),\"tid\":\(index)"
      events.append("{\"name\":\"thread_name\",\"ph\":\"M\",\(place),\"args\":{\"name\":\(text(row.name))}}")
      events.append("{\"name\":\"thread_sort_index\",\"ph\":\"M\",\(place),\"args\":{\"sort_index\":\(index)}}")
      // Outer spans end after those in them; readers want what begins first to come first.
      for span in row.spans.sorted(by: { ($0.start, $1.end) < ($1.start, $0.end) }) {
        let number = span.number.map { ",\"args\":{\"number\":\($0)}" } ?? ""
        let (start, duration) = (microseconds(span.start), Double(span.end.nanoseconds - span.start.nanoseconds) / 1e3)
        events.append(
          "{\"name\":\"\(span.name)\",\"ph\":\"X\",\"ts\":\(start),\"dur\":\(String(format: "%.3f", duration)),\(place)\(number)}"
        )
      }
    }
    return "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n" + events.joined(separator: ",\n") + "\n]}\n"
  }

  private static func microseconds(_ moment: Trace.Moment) -> String {
    String(format: "%.3f", Double(moment.nanoseconds) / 1e3)
  }

  private static func text(_ string: String) -> String {
    String(decoding: (try? JSONEncoder().encode(string)) ?? Data("\"\"".utf8), as: UTF8.self)
  }

  public static func write(_ trace: Trace, to path: String, rank: Int, process: String) throws(FileError) {
    try replaceFile(path, with: Array(json(trace, rank: rank, process: process).utf8))
  }
}
