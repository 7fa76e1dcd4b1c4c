import Files

/// The end of a log behind a step: what was written after the line of that step, or of the last one before it.
///
/// Steps stand in the order in which they were taken, and whatever else happened behind the step that was complete by then.
/// So nothing before that line is of a later step, and it need not be read, however long the log is.
struct LogTail {
  private(set) var rewound = TrainingLog.Rewound()
  /// The byte at which the first line of a later step begins, or the first that is none of a log's; nil where there is
  /// neither.
  private(set) var firstRemoved: Int?
  /// The bytes of the lines behind `firstRemoved` that are of `step` or an earlier one: a checkpoint that was written while
  /// training went on, say.
  private(set) var keptBehind: [UInt8] = []

  init(path: String, behind step: Int) throws(FileError) {
    var reader = try BackwardLineReader(path: path)
    var kept: [[UInt8]] = []
    var keptBehindCount = 0
    if reader.tornByteCount > 0 {
      rewound.broken += 1
      firstRemoved = reader.start
    }
    while let bytes = try reader.next() {
      guard let line = LogLine(json: bytes) else {
        rewound.broken += 1
        (firstRemoved, keptBehindCount) = (reader.start, kept.count)
        continue
      }
      if line.event == StepRecord.event, line.step <= step { break }
      if line.step <= step {
        // A rewinding that was cut short has left some of them twice: the first of the two stays.
        if let copy = kept.firstIndex(of: bytes) {
          kept.remove(at: copy)
          if copy < keptBehindCount { keptBehindCount -= 1 }
        }
        kept.append(bytes)
      } else {
        rewound.later += 1
        (firstRemoved, keptBehindCount) = (reader.start, kept.count)
      }
    }
    keptBehind = kept[..<keptBehindCount].reversed().flatMap { $0 + [UInt8(ascii: "\n")] }
  }

  /// The byte behind the line of `step`, or of the last step before it.
  static func start(in path: String, behind step: Int) throws(FileError) -> Int {
    var reader = try BackwardLineReader(path: path)
    var scanner = StepLineScanner()
    while true {
      let end = reader.start
      guard let bytes = try reader.next() else { return 0 }
      if scanner.read(bytes.span, bytes.indices) {
        if scanner.step <= step { return end }
      } else if let line = LogLine(json: bytes), line.event == StepRecord.event, line.step <= step {
        return end
      }
    }
  }
}
