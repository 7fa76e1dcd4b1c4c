import Compute
import Parameters
import Testing
import VisionTransformer

@Suite struct TimelineTests {
  /// Three stages with a backward pass: forward is at them at 0, 1 and 2, backward at 5, 4 and 3.
  @Test func lifetimesWithABackwardPass() {
    var timeline = Timeline(hasBackward: true)
    let stages = [[0, 1], [], [2]].map { timeline.addStage(groups: $0) }
    #expect(timeline.whole == 0...5)
    #expect(stages.map { timeline.kept(from: $0) } == [0...5, 1...4, 2...3])
    #expect(timeline.forward(stages[0], through: stages[2]) == 0...2)
    #expect(timeline.backward(stages[2], through: stages[1]) == 3...4)
  }

  /// Each stage hands on to the next, and nothing else is waited for.
  @Test func lifetimesWithoutABackwardPass() {
    var timeline = Timeline(hasBackward: false)
    let stages = (0..<3).map { timeline.addStage(groups: [$0]) }
    #expect(timeline.whole == 0...3)
    #expect(stages.map { timeline.kept(from: $0) } == [0...1, 1...2, 2...3])
  }

  /// The gradient of a stage's groups is free until backward comes to the stage.
  @Test func loansEndWhereBackwardWrites() {
    var table = ParameterTable()
    let groups = (0..<3).map { group in
      _ = table.addLinear("\(group)", outputs: 3, inputs: 5)
      return table.endGroup("\(group)", layer: 0)
    }
    var timeline = Timeline(hasBackward: true)
    for stage in [[groups[0], groups[1]], [], [groups[2]]] { _ = timeline.addStage(groups: stage) }
    #expect(
      timeline.loans(of: table) == [
        Loan(table.groups[0].range, until: 5), Loan(table.groups[1].range, until: 5),
        Loan(table.groups[2].range, until: 3),
      ])
  }
}
