import Files
import Foundation
import Imaging

extension ClassificationReport {
  /// Writes what a table on the console has no place for into a folder, which is made where it is not there:
  /// `per_class.csv`, `confusion.csv` (a row for each class, a column for each answer), `confusion.png` and `mistakes.csv`.
  /// Of more than 2,000 classes `confusion.csv` lists the answers that there are, and there is no picture. Files of an
  /// earlier report are replaced.
  public func write(to folder: String) throws {
    try PosixFileSystem().createDirectories(folder)
    func write(_ name: String, _ rows: [[String]]) throws(FileError) {
      let text = rows.map { $0.map(Self.field).joined(separator: ",") + "\n" }.joined()
      try writeReplacing("\(folder)/\(name)", text)
    }
    try write(
      "per_class.csv",
      [["class", "images", "right", "accuracy"]]
        + classNames.indices.map { label in
          [
            classNames[label], "\(count(ofClass: label))", "\(count(label, answered: label))",
            accuracy(ofClass: label).map { "\($0)" } ?? "",
          ]
        })
    let isDrawn = classNames.count <= Self.mostDrawnClasses
    if isDrawn {
      try write(
        "confusion.csv",
        [["class"] + classNames]
          + classNames.indices.map { label in
            [classNames[label]] + classNames.indices.map { "\(count(label, answered: $0))" }
          })
    } else {
      try write(
        "confusion.csv",
        [["class", "answer", "images"]]
          + answered.map { [classNames[$0.label], classNames[$0.answer], "\($0.images)"] })
    }
    try write(
      "mistakes.csv",
      [["image", "class", "answer", "confidence"]]
        + mistakes.map { [$0.image, classNames[$0.label], classNames[$0.answer], "\($0.confidence)"] })
    if isDrawn { try confusionImage.writePNG(to: "\(folder)/confusion.png") }
  }

  private static let mostDrawnClasses = 2000

  /// A field of a CSV file (RFC 4180): in quotation marks where it needs them.
  private static func field(_ text: String) -> String {
    guard text.contains(where: { ",\"\n\r".contains($0) }) else { return text }
    return "\"\(text.replacing("\"", with: "\"\""))\""
  }
}

/// Puts a text in the place of a file, whole.
func writeReplacing(_ path: String, _ text: String) throws(FileError) {
  try replaceFile(path, with: Array(text.utf8))
}
