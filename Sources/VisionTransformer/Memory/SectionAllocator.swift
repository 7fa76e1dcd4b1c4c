import Compute

/// Hands out memory in sections, each of which has a lifetime of its own.
///
/// As with `ArenaAllocator`, what takes the views is written once and run twice: first to learn the sections, then with
/// memory for each.
public struct SectionAllocator {
  /// The sections so far.
  public private(set) var buffers: [TimedBuffer] = []
  private let memory: ((_ section: Int) -> Vector)?

  /// An allocator that only learns: its views must not be touched.
  public static var measuring: SectionAllocator { SectionAllocator(memory: nil) }

  private init(memory: ((Int) -> Vector)?) {
    self.memory = memory
  }

  /// - Parameter memory: gives the floats of a section, which are counted from 0.
  public init(_ memory: @escaping (_ section: Int) -> Vector) {
    self.init(memory: memory)
  }

  /// A section that is needed during `instants` of a ``Timeline``.
  ///
  /// - Parameter divide: takes the section's views from an allocator.
  public mutating func section<Result>(
    during instants: ClosedRange<Int>, _ divide: (inout ArenaAllocator) -> Result
  ) -> Result {
    var allocator = memory.map { ArenaAllocator($0(buffers.count)) } ?? .measuring
    let result = divide(&allocator)
    buffers.append(TimedBuffer(count: allocator.count, instants: instants))
    return result
  }
}
