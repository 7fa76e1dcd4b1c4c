import Compute
import Testing

@Suite struct ViewsTests {
  /// 0, 1, 2, … in three rows of five, seen as rows of four.
  @Test func rowsAndColumnsOfAStridedMatrix() {
    let memory = AlignedBuffer<Float>((0..<15).map(Float.init))
    defer { extendLifetime(memory) }
    let matrix = Matrix(base: memory.base, rows: 3, columns: 4, stride: 5)
    #expect(matrix[2, 3] == 13)
    #expect(matrix.row(1).array == [5, 6, 7, 8])
    let part = matrix.rows(1..<3).columns(1..<3)
    #expect((part.rows, part.columns, part.stride) == (2, 2, 5))
    #expect(part.row(0).array + part.row(1).array == [6, 7, 11, 12])
    part[1, 1] = -1
    #expect(memory.base[12] == -1)
    #expect(matrix.rows(3..<3).rows == 0)
  }

  @Test func vectorsAndMatricesAreTheSameFloats() {
    let memory = AlignedBuffer<Float>((0..<12).map(Float.init))
    defer { extendLifetime(memory) }
    let matrix = memory.all.reshaped(rows: 3, columns: 4)
    #expect(matrix.row(2).array == [8, 9, 10, 11])
    #expect(matrix.rows(1..<3).flat.array == Array(4..<12).map(Float.init))
    #expect(memory.all[3..<6].array == [3, 4, 5])
  }

  @Test func whatLiesOutsideIsRefused() async {
    await #expect(processExitsWith: .failure) {
      let memory = AlignedBuffer<Float>(repeating: 0, count: 12)
      defer { extendLifetime(memory) }
      _ = memory.all.reshaped(rows: 3, columns: 4).columns(2..<5)
    }
    await #expect(processExitsWith: .failure) {
      let memory = AlignedBuffer<Float>(repeating: 0, count: 12)
      defer { extendLifetime(memory) }
      _ = memory.all[10..<13]
    }
    await #expect(processExitsWith: .failure) {
      let memory = AlignedBuffer<Float>(repeating: 0, count: 12)
      defer { extendLifetime(memory) }
      _ = memory.all.reshaped(rows: 3, columns: 4).columns(0..<3).flat
    }
  }
}
