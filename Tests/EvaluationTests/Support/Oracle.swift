import Compute
import Foundation
import Safetensors

@testable import Evaluation

/// What scikit-learn says (Fixtures/make_fixtures.py).
final class Oracle {
  let train: AlignedBuffer<Float>
  let test: AlignedBuffer<Float>
  let trainLabels: [Int]
  let testLabels: [Int]
  private let file: SafetensorsFile

  static let width = 20
  static let classes = 7

  init() throws {
    file = try SafetensorsFile(path: Bundle.module.bundleURL.appending(path: "Fixtures/oracle.safetensors").path)
    train = AlignedBuffer(try file.floats(of: "train"))
    test = AlignedBuffer(try file.floats(of: "test"))
    trainLabels = try file.floats(of: "train_labels").map { Int($0) }
    testLabels = try file.floats(of: "test_labels").map { Int($0) }
  }

  func floats(_ name: String) throws -> [Float] { try file.floats(of: name) }

  var trainRows: Matrix { train.all.reshaped(rows: trainLabels.count, columns: Self.width) }
  var testRows: Matrix { test.all.reshaped(rows: testLabels.count, columns: Self.width) }
}
