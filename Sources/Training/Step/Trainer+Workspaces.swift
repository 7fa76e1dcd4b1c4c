import MaskedAutoencoder

extension Trainer {
  /// A workspace for each worker thread.
  ///
  /// Where one round does the step, nothing is in the encoder's gradient until all workers are done with the decoder: its
  /// activations live there, if they fit.
  static func workspaces(
    _ configuration: RunConfiguration, _ layout: WorkerLayout, _ model: MaskedAutoencoder, lender: LayerReduction,
    debug: Bool
  ) -> [Workspace] {
    let (precision, images) = (configuration.train.precision, layout.imagesPerVirtualWorker)
    // What debugging looks at after forward must not have been written over.
    let recompute = debug ? .none : configuration.train.recompute
    let count = Workspace.decoderFloatCount(
      model: configuration.model, imageCount: images, precision: precision, recompute: recompute)
    let lends = layout.lendsGradient(of: model, forDecoder: count)
    return (0..<layout.threads).map { worker in
      Workspace(
        model: configuration.model, imageCount: images, precision: precision, recompute: recompute,
        decoderMemory: lends ? lender.gradient[worker * count..<(worker + 1) * count] : nil)
    }
  }
}
