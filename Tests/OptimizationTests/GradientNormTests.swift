import Compute
import Optimization
import Testing

@Suite struct GradientNormTests {
  /// Three whole pieces of 2¹⁶ and a bit.
  static let count = 3 << 16 | 1037

  @Test func isTheNormOnAnyNumberOfWorkers() {
    let gradient = normals(Self.count)
    let exact = gradient.all.array.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    let alone = norm(gradient.all, workers: 1)
    // Sums of n positive terms in double precision here and there, and a root that halves the relative error.
    #expect(abs(alone - exact) <= 2 * Double(Self.count) * 0x1p-53 * exact)
    for workers in [2, 3, 4, 5, 16] { #expect(norm(gradient.all, workers: workers) == alone, "\(workers) workers") }
  }

  @Test func threadsGiveTheSame() throws {
    let gradient = normals(Self.count)
    let norm = GradientNorm(count: Self.count)
    let view = gradient.all
    let shared = Box(norm)
    let pool = try WorkerPool(count: 6)
    for _ in 0..<20 {
      pool.run { worker in shared.norm.sumPieces(of: view, in: 0..<Self.count, worker: worker, workers: 6) }
      #expect(shared.norm.value(scale: 1) == self.norm(view, workers: 1))
    }
  }

  @Test func wholeNumbersAreExactAndScaled() {
    let values = AlignedBuffer<Float>(Array(repeating: 3, count: 1 << 16) + Array(repeating: -4, count: 1 << 16))
    defer { extendLifetime(values) }
    // (9 + 16)·2¹⁶ = (5·2⁸)².
    #expect(norm(values.all, workers: 2) == 1280)
    #expect(norm(values.all, workers: 2, scale: 0.25) == 320)
  }

  /// The run stops on a norm that is not finite, so it must be finite for all finite gradients and for no other.
  @Test func isFiniteExactlyIfTheGradientIs() {
    let large = AlignedBuffer<Float>(Array(repeating: .greatestFiniteMagnitude, count: 70_000))
    defer { extendLifetime(large) }
    #expect(norm(large.all, workers: 1).isFinite)
    for value in [Float.infinity, -.infinity, .nan] {
      for position in [0, 65_535, 65_536, 69_999] {
        large.base[position] = value
        #expect(!norm(large.all, workers: 3).isFinite)
        large.base[position] = 1
      }
    }
  }

  /// Two ranks have every other piece each; both come to the norm of one that has all.
  @Test func ranksThatTellEachOtherTheirSumsHaveTheSameNorm() {
    let gradient = normals(Self.count)
    let alone = norm(gradient.all, workers: 1)
    let parts = stride(from: 0, to: Self.count, by: 1 << 16).map { $0..<min($0 + 1 << 16, Self.count) }
    let ranges = [0, 1].map { rank in parts.indices.filter { $0 % 2 == rank }.map { parts[$0] } }
    let all = GradientNorm(count: Self.count)
    #expect(ranges.map { all.pieceCount(in: $0) } == [2, 2])
    for ranges in ranges {
      let norm = GradientNorm(count: Self.count)
      for range in ranges { norm.sumPieces(of: gradient.all, in: range, worker: 0, workers: 1) }
      let message = AlignedBuffer<Double>(repeating: -1, count: 3)
      defer { extendLifetime(message) }
      norm.writeSums(to: message.all, in: ranges)
      #expect(message.all[2] == -1)
      all.readSums(from: message.all, in: ranges)
      // A rank without floats says nothing.
      all.readSums(from: message.all, in: [Self.count..<Self.count])
    }
    #expect(all.value(scale: 1) == alone)
  }

  private final class Box: Sendable {
    let norm: GradientNorm
    init(_ norm: consuming GradientNorm) { self.norm = norm }
  }

  private func norm(_ gradient: Vector, workers: Int, scale: Double = 1) -> Double {
    let norm = GradientNorm(count: gradient.count)
    for worker in (0..<workers).reversed() {
      norm.sumPieces(of: gradient, in: 0..<gradient.count, worker: worker, workers: workers)
    }
    return norm.value(scale: scale)
  }

  private func normals(_ count: Int) -> AlignedBuffer<Float> {
    var stream = RandomStream(seed: 11, purpose: .initialization)
    return AlignedBuffer((0..<count).map { _ in Float(stream.normal()) })
  }
}
