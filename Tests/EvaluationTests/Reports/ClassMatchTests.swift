import Testing

@testable import Evaluation

@Suite struct ClassMatchTests {
  private func match(
    _ train: LabelledSource, _ test: LabelledSource, trainIndices: [Int]? = nil
  ) throws(LabelError) -> ClassMatch {
    try ClassMatch(
      train: (train, trainIndices ?? Array(0..<train.count)), test: (test, Array(0..<test.count)),
      paths: ("train", "test"))
  }

  @Test func byNameAndNotByNumber() throws {
    let match = try match(
      LabelledSource(["ant", "bee", "cat"], [0, 1, 2, 1]), LabelledSource(["bee", "cat"], [0, 1, 1]))
    #expect(match.classNames == ["ant", "bee", "cat"])
    #expect(match.trainLabels == [0, 1, 2, 1] && match.testLabels == [1, 2, 2])
    #expect(match.notes == ["the test set has no image of \"ant\", which can only be wrong answers"])
  }

  /// A class without images is none: the others move up.
  @Test func anEmptyClass() throws {
    let match = try match(LabelledSource(["0", "1", "2"], [0, 2, 2]), LabelledSource(["0", "1", "2"], [2, 0]))
    #expect(match.classNames == ["0", "2"] && match.trainLabels == [0, 1, 1] && match.testLabels == [1, 0])
    #expect(match.notes == ["the train set has no image of \"1\", which can be no answer"])
  }

  /// Images that cannot be used take their class with them.
  @Test func ofTheImagesThatTakePart() throws {
    let train = LabelledSource(["a", "b", "c"], [0, 1, 2, 0])
    let test = LabelledSource(["a", "b", "c"], [0, 1])
    #expect(try match(train, test, trainIndices: [0, 1, 3]).classNames == ["a", "b"])
    #expect(throws: LabelError.unknownClasses(names: ["b"], trainPath: "train", images: 1)) {
      try match(train, test, trainIndices: [0, 2, 3])
    }
  }

  @Test func whatIsRefused() throws {
    let labelled = LabelledSource(["a", "b"], [0, 1])
    #expect(throws: LabelError.noLabels(path: "test", kind: "a source of tests")) {
      try match(labelled, LabelledSource([], [0, 0]))
    }
    #expect(throws: LabelError.noLabels(path: "train", kind: "a source of tests")) {
      try match(LabelledSource([], [0]), labelled)
    }
    #expect(throws: LabelError.singleClass(path: "train", name: "b")) {
      try match(LabelledSource(["a", "b"], [1, 1]), labelled)
    }
    #expect(throws: LabelError.unknownClasses(names: ["x", "y"], trainPath: "train", images: 3)) {
      try match(labelled, LabelledSource(["a", "x", "y"], [1, 2, 0, 1]))
    }
    let neighbors = LabelError.tooManyNeighbors(k: 9, images: 8, isLeaveOneOut: false)
    #expect(neighbors.description.hasSuffix("; take a smaller -k") && neighbors.isUsage)
    #expect(LabelError.noLabels(path: "t", kind: "a folder").isUsage && LabelError.tooFewImages(perClass: 6).isUsage)
    let sentence = LabelError.unknownClasses(
      names: (0..<7).map(String.init), trainPath: "t", images: 9
    ).description
    #expect(
      sentence.contains("9 images of the classes \"0\", \"1\", \"2\", \"3\", \"4\" and 2 more, of which t has none"))
  }
}
