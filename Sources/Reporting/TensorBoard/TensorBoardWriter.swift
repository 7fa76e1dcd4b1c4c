import Compute
import Files
import Foundation

/// Writes an event file that TensorBoard shows: scalars and PNG images by step.
///
/// The messages are TensorFlow's `event.proto` and `summary.proto`, five of them, written by hand; a file is a sequence
/// of TFRecords. Each event goes out in one appending write, so TensorBoard can follow a running job.
public final class TensorBoardWriter: Sendable {
  public let path: String
  private let file: Monitor<AppendOnlyFile>
  private let now: @Sendable () -> Double

  /// A new event file in `directory`. TensorBoard reads all event files of a directory in the order of their names, which
  /// begin with the time, as one run.
  ///
  /// - Parameters:
  ///   - step: the last step that is already there when a run is resumed: TensorBoard drops what earlier files say about
  ///     later steps.
  ///   - now: seconds since 1970, for the file's name and for each event.
  public init(
    directory: String, resumingAfter step: Int? = nil, hostName: String = ProcessInfo.processInfo.hostName,
    processIdentifier: Int32 = ProcessInfo.processInfo.processIdentifier,
    now: @escaping @Sendable () -> Double = { Date().timeIntervalSince1970 }
  ) throws(ReportingError) {
    // Ten digits, so that names sort as times do.
    let name = String(format: "events.out.tfevents.%010d", Int(now())) + ".\(hostName).\(processIdentifier).0"
    path = "\(directory)/\(name)"
    do throws(FileError) { file = Monitor(try AppendOnlyFile(path: path)) } catch { throw .file(error) }
    self.now = now
    try write { $0.add(3, text: "brain.Event:2") }
    if let step {
      // A session log with status START (1) makes readers purge every event of this step and later ones.
      try write {
        $0.add(2, varint: UInt64(step + 1))
        $0.add(7) { $0.add(1, varint: 1) }
      }
    }
  }

  /// - Parameter tag: groups by what stands before its first slash: `train/loss`.
  public func addScalar(_ tag: String, _ value: Double, step: Int) throws(ReportingError) {
    try addSummary(step: step) {
      $0.add(1, text: tag)
      $0.add(2, float: Float(value))
    }
  }

  /// - Parameter png: a whole PNG file; its header says how large the image is and which colours it has.
  public func addImage(_ tag: String, png: [UInt8], step: Int) throws(ReportingError) {
    guard let header = PNGHeader(png) else {
      throw .system(action: "write", path: path, reason: "the image \(tag) is not a PNG file")
    }
    try addSummary(step: step) {
      $0.add(1, text: tag)
      $0.add(4) {
        $0.add(1, varint: UInt64(header.height))
        $0.add(2, varint: UInt64(header.width))
        $0.add(3, varint: UInt64(header.channels))
        $0.add(4, bytes: png)
      }
    }
  }

  private func addSummary(step: Int, value: (inout ProtocolBuffer) -> Void) throws(ReportingError) {
    try write {
      $0.add(2, varint: UInt64(step))
      $0.add(5) { $0.add(1, message: value) }
    }
  }

  private func write(_ content: (inout ProtocolBuffer) -> Void) throws(ReportingError) {
    var event = ProtocolBuffer()
    event.add(1, double: now())
    content(&event)
    let record = Self.record(event.bytes)
    try reporting { () throws(FileError) in
      try file.withLock { (file) throws(FileError) in try file.append(record) }
    }
  }

  /// The length and its checksum, the data and its checksum; little-endian.
  private static func record(_ data: [UInt8]) -> [UInt8] {
    func bytes(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.littleEndian, Array.init) }
    let length = bytes(UInt64(data.count))
    return length + bytes(CRC32C.masked(length)) + data + bytes(CRC32C.masked(data))
  }
}

/// What a PNG file says in its first chunk.
struct PNGHeader {
  let width: Int
  let height: Int
  /// 1 grey, 2 grey and alpha, 3 colours, 4 colours and alpha; a palette counts as colours.
  let channels: Int

  init?(_ png: [UInt8]) {
    guard png.count >= 26, png.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) else { return nil }
    func bigEndian(_ offset: Int) -> Int { png[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
    guard let channels = [0: 1, 2: 3, 3: 3, 4: 2, 6: 4][png[25]] else { return nil }
    (width, height, self.channels) = (bigEndian(16), bigEndian(20), channels)
  }
}
