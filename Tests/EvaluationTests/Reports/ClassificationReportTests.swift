import Foundation
import Imaging
import TemporaryFiles
import Testing

@testable import Evaluation

@Suite struct ClassificationReportTests {
  private func answer(_ classes: [Int], _ confidence: Double = 0.5) -> ClassAnswer {
    ClassAnswer(classes: classes, confidence: confidence)
  }

  /// Six classes, five images, by hand.
  private var report: ClassificationReport {
    ClassificationReport(
      classNames: ["a", "b", "c, \"d\"", "e", "f", "g"], labels: [0, 0, 1, 2, 2],
      answers: [
        answer([0, 1]), answer([1, 2, 3, 4, 0], 0.9), answer([2, 3, 4, 5, 0], 0.8), answer([2]), answer([1, 0], 0.9),
      ],
      imageName: { "image \($0)" })
  }

  @Test func figures() throws {
    let report = report
    #expect(report.top1 == 0.4 && report.imageCount == 5)
    // The second image's class is the fifth of its answers.
    #expect(report.top5 == 0.6)
    #expect(
      report.accuracy(ofClass: 0) == 0.5 && report.accuracy(ofClass: 1) == 0 && report.accuracy(ofClass: 2) == 0.5)
    #expect(report.accuracy(ofClass: 3) == nil && report.count(ofClass: 2) == 2)
    #expect(report.count(0, answered: 1) == 1 && report.count(2, answered: 1) == 1 && report.count(1, answered: 2) == 1)
    #expect((0..<6).reduce(0) { sum, label in (0..<6).reduce(sum) { $0 + report.count(label, answered: $1) } } == 5)
    #expect(report.mistakes.map(\.image) == ["image 1", "image 4", "image 2"])
    #expect(report.mistakes[0] == .init(image: "image 1", label: 0, answer: 1, confidence: 0.9))
  }

  @Test func fewClassesHaveNoFiveBest() {
    let report = ClassificationReport(
      classNames: ["a", "b"], labels: [0], answers: [answer([0])], imageName: { "\($0)" })
    #expect(report.top5 == nil && report.top1 == 1 && report.mistakes.isEmpty)
  }

  @Test func files() throws {
    let folder = try TemporaryDirectory()
    let path = "\(folder.path)/some/where"
    try report.write(to: path)
    try report.write(to: path)
    func text(_ name: String) throws -> String { try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8) }
    #expect(
      try text("per_class.csv").split(separator: "\n").map(String.init) == [
        "class,images,right,accuracy", "a,2,1,0.5", "b,1,0,0.0", "\"c, \"\"d\"\"\",2,1,0.5", "e,0,0,", "f,0,0,",
        "g,0,0,",
      ])
    let confusion = try text("confusion.csv").split(separator: "\n").map(String.init)
    #expect(confusion[0] == "class,a,b,\"c, \"\"d\"\"\",e,f,g" && confusion[3] == "\"c, \"\"d\"\"\",0,1,1,0,0,0")
    #expect(try text("mistakes.csv").hasPrefix("image,class,answer,confidence\nimage 1,a,b,0.9\n"))
    let bytes = Array(try Data(contentsOf: URL(filePath: "\(path)/confusion.png")))
    #expect(try decodeImage(bytes, name: "confusion.png").width == report.confusionImage.width)
    #expect(try FileManager.default.contentsOfDirectory(atPath: path).count == 4)
  }

  /// Of a number of classes whose square no memory holds.
  @Test func aMillionClasses() throws {
    let folder = try TemporaryDirectory()
    let report = ClassificationReport(
      classNames: (0..<1_000_000).map { "\($0)" }, labels: [999_999, 5, 5],
      answers: [answer([7]), answer([5]), answer([2])],
      imageName: { "image \($0)" })
    try report.write(to: folder.path)
    #expect(
      try String(contentsOfFile: "\(folder.path)/confusion.csv", encoding: .utf8)
        == "class,answer,images\n5,2,1\n5,5,1\n999999,7,1\n")
    #expect(report.accuracy(ofClass: 5) == 0.5 && report.count(ofClass: 999_999) == 1)
    #expect(
      try Set(FileManager.default.contentsOfDirectory(atPath: folder.path)) == [
        "confusion.csv", "mistakes.csv", "per_class.csv",
      ])
  }

  /// The square of a class's right answers is blue, that of wrong ones red, and none is nearly white.
  @Test func squaresOfTheConfusionMatrix() {
    let image = report.confusionImage
    func color(_ label: Int, _ answer: Int) -> [UInt8] {
      let (size, margin) = (30, 12)
      let column = image.width - margin - (6 - answer) * size + 2
      let row = image.height - margin - (6 - label) * size + 2
      return (0..<3).map { image[row: row, column: column, channel: $0] }
    }
    let (right, wrong, none) = (color(0, 0), color(1, 2), color(3, 3))
    #expect(right[2] > right[0] && wrong[0] > wrong[2] && none.allSatisfy { $0 > 240 })
  }

  @Test func resultAsTableAndJSON() throws {
    let result = EvaluationResult(
      title: "k-NN",
      facts: [
        ("step", .count(7)), ("pool", .text("cls")), ("temperature", .number(0.07)), ("loss", .number(.infinity)),
      ],
      notes: ["something"],
      rows: [
        .init(features: "encoder", setting: ("k", .count(5)), report: report),
        .init(features: "raw pixels", setting: ("k", .count(10)), report: report),
        .init(features: "untrained", setting: ("strength", .rounded(0.0031622)), report: report),
      ], main: 1)
    let lines = result.table.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    #expect(lines[0] == "step: 7" && lines[2] == "temperature: 0.07" && lines[4] == "note: something")
    #expect(
      lines.contains("features         k    top-1    top-5") && lines.contains("raw pixels      10  40.00 %  60.00 %")
        && lines.contains("untrained   0.0032  40.00 %  60.00 %"))
    #expect(lines.contains("by class, of raw pixels with k 10:") && lines.contains("b            1   0.00 %"))
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(try result.json().utf8)) as? [String: Any])
    let facts = try #require(object["facts"] as? [String: Any])
    #expect(object["evaluation"] as? String == "k-NN" && facts["pool"] as? String == "cls")
    // Numbers are numbers, but for those that JSON does not have.
    #expect(facts["step"] as? Int == 7 && facts["temperature"] as? Double == 0.07 && facts["loss"] as? String == "inf")
    #expect(!(facts["step"] is String))
    let results = try #require(object["results"] as? [[String: Any]])
    let first = try #require(results.first)
    #expect((first["setting"] as? [String: Any])?["k"] as? Int == 5)
    #expect((results[2]["setting"] as? [String: Any])?["strength"] as? Double == 0.0031622)
    let report = try #require(first["report"] as? [String: Any])
    #expect(report["top1"] as? Double == 0.4 && report["top5"] as? Double == 0.6 && report["images"] as? Int == 5)
    #expect((report["per_class"] as? [[String: Any]])?[1]["accuracy"] as? Double == 0)
  }
}
