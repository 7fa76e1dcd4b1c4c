import Compute
import Testing

@Suite struct ArenaAllocatorTests {
  static let sizes = [1, 16, 17, 37, 0, 100]

  @Test func measuringTakesWhatLayingOutTakes() {
    var measuring = ArenaAllocator.measuring
    for size in Self.sizes { _ = measuring.vector(size) }
    _ = measuring.matrix(5, 7)
    #expect(measuring.count == 16 + 16 + 32 + 48 + 0 + 112 + 48)

    let memory = AlignedBuffer<Float>(repeating: 0, count: measuring.count)
    defer { extendLifetime(memory) }
    var allocator = ArenaAllocator(memory.all)
    for size in Self.sizes { #expect(allocator.vector(size).count == size) }
    let matrix = allocator.matrix(5, 7)
    #expect((matrix.rows, matrix.columns, matrix.stride) == (5, 7, 7))
    #expect(allocator.count == measuring.count)
  }

  @Test func viewsStartOnCacheLinesAndDoNotOverlap() {
    let memory = AlignedBuffer<Float>(repeating: -1, count: 300)
    defer { extendLifetime(memory) }
    var allocator = ArenaAllocator(memory.all)
    let views = Self.sizes.map { allocator.vector($0) }
    for (index, view) in views.enumerated() {
      #expect(UInt(bitPattern: view.base) % 64 == 0)
      for position in 0..<view.count { view[position] = Float(index) }
    }
    for (index, view) in views.enumerated() { #expect(view.array.allSatisfy { $0 == Float(index) }) }
    #expect(memory.all.array.count { $0 == -1 } == 300 - Self.sizes.reduce(0, +))
  }

  @Test func moreThanThereIsIsRefused() async {
    await #expect(processExitsWith: .failure) {
      let memory = AlignedBuffer<Float>(repeating: 0, count: 40)
      defer { extendLifetime(memory) }
      var allocator = ArenaAllocator(memory.all)
      _ = allocator.vector(20)
      _ = allocator.vector(9)
    }
  }

  @Test func exactlyWhatThereIsIsNot() {
    let memory = AlignedBuffer<Float>(repeating: 0, count: 40)
    defer { extendLifetime(memory) }
    var allocator = ArenaAllocator(memory.all)
    _ = allocator.vector(20)
    #expect(allocator.vector(8).count == 8)
  }

  @Test func buffersAreAlignedAndFilled() {
    for count in [0, 1, 15, 16, 17, 1000] {
      let buffer = AlignedBuffer<Float>(repeating: 2, count: count)
      defer { extendLifetime(buffer) }
      #expect(UInt(bitPattern: buffer.base) % 64 == 0)
      #expect(buffer.all.array == Array(repeating: 2, count: count))
    }
    #expect(AlignedBuffer<Float>([1, 2, 3]).all.array == [1, 2, 3])
  }
}
