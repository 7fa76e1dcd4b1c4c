import Compute

/// What `--debug` sees of a step's forward passes.
///
/// Backward reuses the memory of some activations, and the next round that of all: each virtual worker looks at its own
/// right after its forward pass, and leaves here what it saw. The lock puts that before the reading.
final class ForwardProbe: Sendable {
  /// An activation of one image of the batch.
  struct Place: Sendable {
    let name: String
    let image: Int
  }

  private struct Sight: Sendable {
    var names: [String] = []
    var statistics: [TensorStatistics] = []
    /// The first activation with a value that is not finite, and the first of its images with one.
    var firstNonFinite: (activation: Int, image: Int)?
  }

  private let imagesPerVirtualWorker: Int
  private let sights = Monitor<[Int: Sight]>([:])

  init(imagesPerVirtualWorker: Int) {
    self.imagesPerVirtualWorker = imagesPerVirtualWorker
  }

  /// - Parameter virtualWorker: counted within this process, which in debug mode has all.
  func look<Task: TrainingTask>(at memory: Task.Memory, of task: Task, virtualWorker: Int) {
    var sight = Sight()
    task.showActivations(of: memory) { name, values in
      let statistics = TensorStatistics(values)
      if !statistics.isFinite, sight.firstNonFinite == nil {
        let rowsPerImage = values.rows / imagesPerVirtualWorker
        sight.firstNonFinite = (sight.names.count, firstNonFiniteRow(values) / rowsPerImage)
      }
      sight.names.append(name)
      sight.statistics.append(statistics)
    }
    sights.withLock { $0[virtualWorker] = sight }
  }

  /// Every activation over the whole batch, in the order of the forward pass.
  var statistics: [(name: String, values: TensorStatistics)] {
    let all = sights.withLock { sights in sights.sorted { $0.key < $1.key }.map(\.value) }
    guard let first = all.first else { return [] }
    return first.names.indices.map { index in
      let parts = all.map { $0.statistics[index] }
      return (first.names[index], parts.dropFirst().reduce(into: parts[0]) { $0.add($1) })
    }
  }

  /// The first activation in the order of the forward pass that is not finite, and the first image of the batch where it
  /// is not.
  var firstNonFinite: Place? {
    let found = sights.withLock { sights in
      sights.compactMap { worker, sight in
        sight.firstNonFinite.map {
          (
            activation: $0.activation, image: worker * imagesPerVirtualWorker + $0.image,
            name: sight.names[$0.activation]
          )
        }
      }
    }
    return found.min { ($0.activation, $0.image) < ($1.activation, $1.image) }
      .map { Place(name: $0.name, image: $0.image) }
  }
}

private func firstNonFiniteRow(_ values: Matrix) -> Int {
  (0..<values.rows).first { !TensorStatistics(values.rows($0..<$0 + 1)).isFinite } ?? 0
}
