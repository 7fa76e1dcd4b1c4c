import Compute
import MaskedAutoencoder
import Parameters
import Synchronization
import Testing
import VisionTransformer

/// What must not influence what, to the bit.
@Suite struct IndependenceTests {
  static let configuration = sample(
    (12, 20), patch: 4, channels: 3, ratio: 0.6, encoder: (20, 2, 5, 2), decoder: (12, 2, 3, 4))
  static let encoderNames = ["patches", "blocks.input", "blocks.0.output", "blocks.1.output", "norm"]

  /// A removed patch never enters the encoder: its pixels change the targets and nothing before the loss.
  @Test func removedPixelsDoNotReachTheEncoder() {
    let model = SampleModel(Self.configuration)
    let loss = model.forward()
    let encoder = Self.encoderNames.map { name in (0..<2).map { model.activation(name, image: $0) } }
    let decoder = (0..<2).map { model.activation("decoder_norm", image: $0) }
    let targets = model.activation("targets", image: 1)
    for (image, order) in model.workspace.order.enumerated() {
      for patch in order.suffix(Self.configuration.maskedCount) { disturb(model, image: image, patch: patch) }
    }
    #expect(model.forward() != loss)
    #expect(Self.encoderNames.map { name in (0..<2).map { model.activation(name, image: $0) } } == encoder)
    #expect((0..<2).map { model.activation("decoder_norm", image: $0) } == decoder)
    #expect(model.activation("targets", image: 1) != targets)
  }

  @Test func visiblePixelsReachTheEncoderAndNoTarget() {
    let model = SampleModel(Self.configuration)
    _ = model.forward()
    let (latent, targets) = (model.activation("norm", image: 0), model.activation("targets", image: 0))
    disturb(model, image: 0, patch: model.workspace.order[0][0])
    _ = model.forward()
    #expect(model.activation("norm", image: 0) != latent)
    #expect(model.activation("targets", image: 0) == targets)
  }

  /// An image's results are its own, whatever the other images of the batch hold.
  @Test func imagesDoNotInfluenceEachOther() {
    let model = SampleModel(Self.configuration, images: 3)
    model.workspace.fillNoise(model.noise)
    model.product.paint(parameters: model.parameters, workspace: model.workspace)
    let names = model.workspace.activations.map(\.name)
    let before = names.map { model.activation($0, image: 1) }
    let painted = predictions(model, image: 1)
    for image in [0, 2] {
      for patch in 0..<Self.configuration.patchCount { disturb(model, image: image, patch: patch) }
      model.noise[image].reverse()
    }
    model.workspace.fillNoise(model.noise)
    model.product.paint(parameters: model.parameters, workspace: model.workspace)
    for (name, bits) in zip(names, before) { #expect(model.activation(name, image: 1) == bits, "\(name)") }
    #expect(predictions(model, image: 1) == painted)
    #expect(model.activation("norm", image: 0) != model.activation("norm", image: 1))
  }

  /// Nothing stays behind in a workspace or in the receiver's memory, which is NaN at first.
  @Test func aSecondPassGivesTheSameBits() {
    let model = SampleModel(Self.configuration)
    let loss = model.forwardAndBackward()
    let gradient = model.gradient.all.array.map(\.bitPattern)
    #expect(model.gradient.all.array.allSatisfy { $0.isFinite })

    let images = model.workspace.images.flat.array
    for index in images.indices { model.workspace.images.flat[index] = -3 * images[index] + 1 }
    #expect(model.forwardAndBackward() != loss)
    #expect(model.gradient.all.array.map(\.bitPattern) != gradient)

    for index in images.indices { model.workspace.images.flat[index] = images[index] }
    #expect(model.forwardAndBackward() == loss)
    #expect(model.gradient.all.array.map(\.bitPattern) == gradient)
  }

  /// One model, one set of parameters, a workspace for each of more workers than there are cores.
  @Test func workersSideBySideGiveTheSameBits() throws {
    let alone = SampleModel(Self.configuration)
    let loss = alone.forwardAndBackward()
    let gradient = alone.gradient.all.array.map(\.bitPattern)
    let workers = (0..<5).map { _ in Shared(SampleModel(Self.configuration)) }
    let wrong = Atomic<Int>(0)
    let pool = try WorkerPool(count: workers.count)
    for _ in 0..<20 {
      pool.run { worker in
        let model = workers[worker].model
        if model.forwardAndBackward() != loss { wrong.add(1, ordering: .relaxed) }
      }
    }
    #expect(wrong.load(ordering: .relaxed) == 0)
    for worker in workers { #expect(worker.model.gradient.all.array.map(\.bitPattern) == gradient) }
  }

  /// Groups are handed over from the last to the first, each once and whole, their gaps zero.
  @Test func groupsFinishFromLastToFirst() {
    final class Recorder: GradientReceiver {
      let arena: GradientArena
      var events: [String] = []
      init(_ arena: GradientArena) { self.arena = arena }
      func memory(for group: Int) -> Vector {
        events.append("begin \(group)")
        return arena.memory(for: group)
      }
      func finished(group: Int) {
        events.append("end \(group)")
        #expect(arena.memory(for: group).array.allSatisfy { $0.isFinite })
      }
    }
    let model = SampleModel(Self.configuration)
    let recorder = Recorder(model.gradient)
    _ = model.forward()
    model.product.backward(parameters: model.parameters, workspace: model.workspace, receiver: recorder)
    let groups = model.table.groups
    #expect(recorder.events == groups.indices.reversed().flatMap { ["begin \($0)", "end \($0)"] })
    let gaps = groups.flatMap(\.gaps)
    #expect(!gaps.isEmpty && gaps.allSatisfy { model.gradient.all[$0].array.allSatisfy { $0.bitPattern == 0 } })
  }

  /// For threads that take turns: each has a model of its own.
  private struct Shared: @unchecked Sendable {
    let model: SampleModel
    init(_ model: SampleModel) { self.model = model }
  }

  private func predictions(_ model: SampleModel, image: Int) -> [UInt32] {
    let masked = model.configuration.maskedCount
    return model.workspace.predictions.rows(image * masked..<(image + 1) * masked).flat.array.map(\.bitPattern)
  }

  /// Changes every pixel of a patch.
  private func disturb(_ model: SampleModel, image: Int, patch: Int) {
    let (size, side) = (model.configuration.imageSize, model.configuration.patchSize)
    let (row, column) = patch.quotientAndRemainder(dividingBy: size.width / side)
    for channel in 0..<model.configuration.channels {
      for y in row * side..<(row + 1) * side {
        for x in column * side..<(column + 1) * side {
          let index = (channel * size.height + y) * size.width + x
          model.workspace.images[image, index] = 7 - 2 * model.workspace.images[image, index] + Float(index % 3)
        }
      }
    }
  }
}
