import Compute
import Imaging

/// Decodes the batches of coming steps on threads of its own while the current step is computed.
///
/// What a step contains follows from the data set, the seed and the step alone; neither the number of threads nor the
/// part that this process takes of the global batch changes a byte of it. So a loader may begin at any step at once.
///
/// `next()` and `stop()` are to be called from one thread.
public final class BatchLoader {
  public let order: BatchOrder
  private let ring: BatchRing
  private var threads: [SystemThread] = []
  private var nextStep: Int

  /// Batches in memory at once.
  public static let defaultSlots = 3

  /// - Parameters:
  ///   - batchSize: images of a step over all processes.
  ///   - part: those of them that this process takes, within `0 ..< batchSize`.
  ///   - steps: the steps that `next()` will return, one after another.
  ///   - threads: decode threads.
  ///   - slots: batches in memory at once: one that is computed on, the others being filled.
  ///   - trace: where it is recorded what the threads do while steps are profiled.
  public init(
    images: AugmentedImages, batchSize: Int, part: Range<Int>, steps: Range<Int>, threads: Int,
    order: SampleOrder = .global, slots: Int = defaultSlots, trace: Trace? = nil
  ) throws(DatasetError) {
    precondition(!part.isEmpty && part.lowerBound >= 0 && part.upperBound <= batchSize, "part \(part) of \(batchSize)")
    precondition(threads > 0 && slots > 0 && steps.lowerBound >= 0, "a loader without threads, slots or steps")
    let order = try BatchOrder(
      sampleCount: images.source.count, batchSize: batchSize, seed: images.seed, order: order)
    let ring = BatchRing(
      steps: steps, imagesPerStep: part.count, shape: images.shape, kind: images.source.sampleKind, slotCount: slots)
    self.order = order
    self.ring = ring
    nextStep = steps.lowerBound
    do throws(ThreadError) {
      for thread in 0..<threads {
        let row = trace?.row("decoding \(thread)")
        self.threads.append(
          try SystemThread(for: "decoding images") {
            decodeTickets(of: ring, order: order, images: images, firstImage: part.lowerBound, row: row)
          })
      }
    } catch {
      stop()
      throw .cannotStartThread(error)
    }
  }

  deinit {
    stop()
  }

  public var stepsPerEpoch: Int { order.stepsPerEpoch }

  /// The batch of the next step; waits until it is complete. A batch must be let go before the loader runs out of
  /// slots.
  public func next() throws(DatasetError) -> Batch {
    let clock = ContinuousClock()
    let start = clock.now
    let slot = try ring.waitForSlot(step: nextStep)
    let waited = clock.now - start
    nextStep += 1
    return Batch(
      slot: slot, ring: ring, epoch: order.epoch(ofStep: slot.step), waitSeconds: waited / .seconds(1))
  }

  /// Ends the decode threads; no batch can be had afterwards. May be called twice.
  public func stop() {
    ring.stop()
    for thread in threads { thread.join() }
    threads = []
  }
}

/// What a decode thread does.
private func decodeTickets(
  of ring: BatchRing, order: BatchOrder, images: AugmentedImages, firstImage: Int, row: Trace.Row?
) {
  var resizer = Resizer()
  while let ticket = ring.takeTicket() {
    let start = row?.now
    let sample = order.sample(step: ticket.step, index: firstImage + ticket.index)
    let outcome: Result<LoadedImage, DatasetError>
    do throws(DatasetError) {
      let written = try images.write(
        sample: sample, epoch: order.epoch(ofStep: ticket.step), into: ticket.slot.images[ticket.index],
        using: &resizer)
      outcome = .success(
        LoadedImage(label: images.label(of: sample, passedOver: written.passedOver.count), written: written))
    } catch {
      outcome = .failure(error)
    }
    row?.add("decode an image", since: start, number: sample)
    ring.finish(ticket, sample: sample, outcome: outcome)
  }
}
