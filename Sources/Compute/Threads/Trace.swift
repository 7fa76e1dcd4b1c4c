import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// What the threads of this process do, as spans of time, while it is recorded.
///
/// Whoever has none to write into asks a nil for the time, and that is all that it costs. Recording changes no bit of what is
/// computed.
public final class Trace: Sendable {
  /// One thread's spans, in a row of their own. Several threads may share a row if they take turns.
  public final class Row: Sendable {
    public let name: String
    private let trace: Trace
    private let spans = Monitor<[Span]>([])

    fileprivate init(_ name: String, _ trace: Trace) {
      (self.name, self.trace) = (name, trace)
      spans.withLock(wakes: false) { $0.reserveCapacity(1 << 12) }
    }

    /// The time at which a span begins; nil while nothing is recorded.
    public var now: Moment? { trace.isRecording ? Moment() : nil }

    /// Notes that from `start` to now this thread did something.
    ///
    /// - Parameters:
    ///   - start: what `now` gave; nothing is noted for a nil.
    ///   - number: what tells it from others of its name: a virtual worker, a number of bytes.
    public func add(_ name: StaticString, since start: Moment?, number: Int? = nil) {
      guard let start else { return }
      let end = Moment()
      spans.withLock(wakes: false) { $0.append(Span(name: name, start: start, end: end, number: number)) }
    }

    fileprivate var all: [Span] { spans.withLock(wakes: false) { $0 } }
  }

  /// Nanoseconds since the machine was started, by a clock that runs evenly and that all processes of the machine share.
  public struct Moment: Sendable, Comparable {
    public let nanoseconds: Int

    fileprivate init() {
      var time = timespec()
      clock_gettime(CLOCK_MONOTONIC, &time)
      nanoseconds = time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    public static func < (one: Moment, other: Moment) -> Bool { one.nanoseconds < other.nanoseconds }
  }

  public struct Span: Sendable {
    public let name: StaticString
    public let start: Moment
    public let end: Moment
    public let number: Int?
  }

  private let recording = Atomic(false)
  private let made = Monitor<[Row]>([])

  public init() {}

  /// A new row; rows are shown in the order in which they were asked for.
  public func row(_ name: String) -> Row {
    let row = Row(name, self)
    made.withLock(wakes: false) { $0.append(row) }
    return row
  }

  public var isRecording: Bool {
    get { recording.load(ordering: .relaxed) }
    set { recording.store(newValue, ordering: .relaxed) }
  }

  /// What has been recorded, row by row.
  public var rows: [(name: String, spans: [Span])] { made.withLock(wakes: false) { $0 }.map { ($0.name, $0.all) } }
}
