import Foundation
import Imaging

/// Grey images of 12 x 12 pixels, each with its own wave.
func greyImages(count: Int) -> [[UInt8]] {
  (0..<count).map { image in
    (0..<144).map { pixel in
      let (row, column) = (Double(pixel / 12), Double(pixel % 12))
      let phase = Double(image) * 0.7
      return UInt8(127.5 + 80 * sin(row * (0.3 + phase / 40) + phase) + 40 * cos(column - phase))
    }
  }
}

/// An IDX file of 12 x 12 pixels.
func idxFile(images: [[UInt8]]) -> [UInt8] {
  let dimensions = [images.count, 12, 12].flatMap { size in (0..<4).map { UInt8(size >> (24 - 8 * $0) & 255) } }
  return [0, 0, 8, 3] + dimensions + images.joined()
}

extension Workbench {
  /// 40 PNG images in `folder`, two steps of an epoch; those in `broken` are cut short.
  func writePNGs(to folder: String, broken: Set<Int> = []) throws {
    for (index, pixels) in greyImages(count: 40).enumerated() {
      let name = "\(folder)/\(pngName(index))"
      try write([], to: name)
      try Image(width: 12, height: 12, channels: 1, pixels: pixels).writePNG(to: "\(path)/\(name)")
      if broken.contains(index) {
        let whole = try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)"))
        try write(whole.prefix(whole.count / 2), to: name)
      }
    }
  }

  func pngName(_ index: Int) -> String { String(format: "image-%02d.png", index) }

  /// 40 JPEG images in two classes in `folder`: the committed ones again and again.
  func writeJPEGs(to folder: String) throws {
    for index in 0..<40 {
      let fixture = Bundle.module.bundleURL.appendingPathComponent("Fixtures/waves\(index % 5).jpg")
      try write(Data(contentsOf: fixture), to: "\(folder)/class\(index % 2)/\(index).jpg")
    }
  }
}

/// The settings that make a run one over colour images.
let colorSettings = ["model.channels=3", "data.mean=[0.5, 0.5, 0.5]", "data.std=[0.25, 0.25, 0.25]"]
