import Compute
import Foundation
import Parameters

extension VectorView<BFloat16> {
  /// For a model in single precision.
  static var none: VectorView { VectorView(base: UnsafeMutablePointer(bitPattern: 64)!, count: 0) }
}

/// ‖a − b‖ / ‖b‖.
func distance(_ a: [Float], _ b: [Float]) -> Double {
  precondition(a.count == b.count)
  let squares = zip(a, b).reduce(0.0) { $0 + pow(Double($1.0) - Double($1.1), 2) }
  return squares.squareRoot() / b.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
}

/// Keeps the whole gradient; what it holds at first is no number.
final class WholeGradient: GradientReceiver {
  private let table: ParameterTable
  private let buffer: AlignedBuffer<Float>

  init(_ table: ParameterTable) {
    self.table = table
    buffer = AlignedBuffer(repeating: .nan, count: table.arenaCount)
  }

  var all: Vector { buffer.all }
  func memory(for group: Int) -> Vector { buffer.all[table.groups[group].range] }
  func finished(group: Int) {}
}
