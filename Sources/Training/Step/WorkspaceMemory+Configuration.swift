import MaskedAutoencoder

extension WorkspaceMemory {
  /// The workspaces of a rank's threads.
  ///
  /// Where one round does the step, activations lie in the gradient too. With several rounds it holds the sum of those
  /// before.
  ///
  /// - Parameter debug: whether what forward leaves is looked at: then later blocks must not have written over it.
  init(_ configuration: RunConfiguration, placement: VirtualWorkerPlacement, debug: Bool = false) {
    self.init(
      model: configuration.model, imageCount: placement.imagesPerVirtualWorker,
      precision: configuration.train.precision,
      recompute: debug ? .none : configuration.train.recompute, threads: placement.threads,
      usesGradient: placement.rounds == 1)
  }
}
