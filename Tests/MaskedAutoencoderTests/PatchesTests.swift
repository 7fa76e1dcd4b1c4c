import Compute
import Foundation
import MaskedAutoencoder
import Testing

/// What a forward pass cuts out of an image, by hand: two channels of 4 rows and 6 columns, in patches of 2.
///
/// A value is 100·channel + 10·row + column.
@Suite struct PatchesTests {
  static func model(normalizes: Bool) -> SampleModel {
    let model = SampleModel(
      sample(
        (4, 6), patch: 2, channels: 2, ratio: 0.5, normalizes: normalizes, encoder: (4, 1, 1, 2), decoder: (4, 1, 1, 2)),
      images: 2)
    for image in 0..<2 {
      for index in 0..<48 {
        let (channel, row, column) = (index / 24, index % 24 / 6, index % 6)
        model.workspace.images[image, index] = Float(1000 * image + 100 * channel + 10 * row + column)
      }
    }
    // Patches 1 and 3 tie, and keep their order.
    model.noise = [[0.5, 0.1, 0.9, 0.1, 0.3, 0.7], [0.9, 0.8, 0.1, 0.2, 0.3, 0.7]]
    _ = model.forward()
    return model
  }

  @Test func visiblePatchesComeFirstByRisingNoise() {
    #expect(Self.model(normalizes: false).workspace.order == [[1, 3, 4, 0, 5, 2], [2, 3, 4, 5, 1, 0]])
  }

  /// Channel, row, column: the order of a convolution's weights.
  @Test func embeddedPatches() {
    let workspace = Self.model(normalizes: false).workspace
    defer { extendLifetime(workspace) }
    let patches = workspace.activations.first { $0.name == "patches" }!
    defer { extendLifetime(patches) }
    #expect(patches.rowsPerImage == 3 && patches.values.rows == 6)
    let rows = (0..<6).map { patches.values.row($0).array }
    #expect(rows[0] == [2, 3, 12, 13, 102, 103, 112, 113])
    #expect(rows[1] == [20, 21, 30, 31, 120, 121, 130, 131])
    #expect(rows[2] == [22, 23, 32, 33, 122, 123, 132, 133])
    #expect(rows[3] == [1004, 1005, 1014, 1015, 1104, 1105, 1114, 1115])
  }

  /// Row, column, channel: the order of the predictions.
  @Test func targets() {
    let workspace = Self.model(normalizes: false).workspace
    defer { extendLifetime(workspace) }
    let targets = workspace.targets
    #expect(targets.rows == 6)
    #expect(targets.row(0).array == [0, 100, 1, 101, 10, 110, 11, 111])
    #expect(targets.row(1).array == [24, 124, 25, 125, 34, 134, 35, 135])
    #expect(targets.row(2).array == [4, 104, 5, 105, 14, 114, 15, 115])
    #expect(targets.row(3).array == [1024, 1124, 1025, 1125, 1034, 1134, 1035, 1135])
  }

  /// Patch 0 has the mean 55.5 and squares of 20202 around it, so the unbiased variance 20202/7; so has each other.
  @Test func normalizedTargets() {
    let workspace = Self.model(normalizes: true).workspace
    defer { extendLifetime(workspace) }
    let targets = workspace.targets
    let deviation = (20202.0 / 7 + 1e-6).squareRoot()
    for row in 0..<6 {
      for (index, offset) in [-55.5, 44.5, -54.5, 45.5, -45.5, 54.5, -44.5, 55.5].enumerated() {
        // The deviation and the quotient are rounded; the mean, a half above a whole number, is exact.
        #expect(abs(Double(targets[row, index]) - offset / deviation) <= abs(offset / deviation) * 2.01 * 0x1p-24)
      }
    }
  }

  @Test func statisticsOfAPatch() {
    let few = patchStatistics([1, 2, 3, 4] as [Float])
    #expect(few.mean == 2.5)
    #expect(few.deviation == Float((5.0 / 3 + 1e-6).squareRoot()))
    let flat = patchStatistics([7, 7, 7] as [Float])
    #expect(flat.mean == 7 && flat.deviation == 1e-3)
    let single = patchStatistics([7] as [Float])
    #expect(single.mean == 7 && single.deviation == 1e-3)
  }
}
