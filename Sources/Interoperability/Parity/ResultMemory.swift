import Compute
import Parameters

/// Owns floats that views refer to for as long as a comparison lives.
final class ResultMemory {
  private final class Piece {
    let buffer: AlignedBuffer<Float>
    init(count: Int) { buffer = AlignedBuffer(repeating: 0, count: count) }
  }
  private var pieces: [Piece] = []

  func zeros(_ count: Int) -> Vector {
    let piece = Piece(count: count)
    pieces.append(piece)
    return piece.buffer.all
  }

  func copy(of vector: Vector) -> Vector {
    let copy = zeros(vector.count)
    copy.base.update(from: vector.base, count: vector.count)
    return copy
  }

  func floats(_ values: [Float]) -> Vector {
    let copy = zeros(values.count)
    for index in values.indices { copy[index] = values[index] }
    return copy
  }
}

/// Takes the gradient of the whole model: one worker, nothing to reduce.
final class WholeGradient: GradientReceiver {
  private let table: ParameterTable
  private let buffer: AlignedBuffer<Float>

  init(_ table: ParameterTable) {
    self.table = table
    buffer = AlignedBuffer(repeating: 0, count: table.arenaCount)
  }

  var all: Vector { buffer.all }
  func memory(for group: Int) -> Vector { buffer.all[table.groups[group].range] }
  func finished(group: Int) {}
}
