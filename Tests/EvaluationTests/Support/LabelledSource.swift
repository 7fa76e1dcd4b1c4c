import Datasets
import Imaging

/// Images that are nothing but labels, or that have none.
struct LabelledSource: ImageSource {
  let kind = "a source of tests"
  let classNames: [String]
  let labels: [Int]
  var count = 0
  let shape: ImageShape? = nil

  init(_ classNames: [String], _ labels: [Int]) {
    (self.classNames, self.labels) = (classNames, labels)
    count = labels.count
  }

  func identity() -> DataIdentity { DataIdentity(count: count, hash: "") }
  func name(of index: Int) -> String { "image \(index)" }
  func label(of index: Int) -> Int? { classNames.isEmpty ? nil : labels[index] }
  func image(at index: Int) throws(DatasetError) -> Image {
    Image(width: 1, height: 1, channels: 1, pixels: [UInt8(index)])
  }
}
