import Compute
import Imaging

/// The place where decode threads and the training loop meet: a few batches' memory, filled in the order of steps.
///
/// A ticket is one image of one step. Threads take tickets in order, so the step that is wanted first is filled first,
/// and all threads work on it. A slot goes round: free, filling (from its first ticket on), full (when its last image
/// is there), held (by a `Batch`), free. One lock guards all that changes, except the pixels: each ticket's owner
/// writes its own image without the lock, and the lock of `finish` puts that before the reading.
final class BatchRing: Sendable {
  struct Ticket {
    let step: Int
    /// The image's place in this process's part of the batch.
    let index: Int
    let slot: BatchSlot
  }

  private struct State {
    var nextTicket = 0
    var isStopped = false
  }

  private let steps: Range<Int>
  private let imagesPerStep: Int
  private let slots: [BatchSlot]
  private let state = Monitor(State())

  init(steps: Range<Int>, imagesPerStep: Int, shape: ImageShape, kind: SampleKind, slotCount: Int) {
    self.steps = steps
    self.imagesPerStep = imagesPerStep
    slots = (0..<slotCount).map { _ in BatchSlot(imageCount: imagesPerStep, shape: shape, kind: kind) }
  }

  /// The next image to decode; waits while all slots are taken; nil when there is nothing left to do.
  func takeTicket() -> Ticket? {
    // Others wait for a slot to become free or full, not for a ticket to be taken.
    state.wait(
      wakes: false, until: { isOver($0) || isOpen(ticket($0.nextTicket)) },
      then: { state in
        guard !isOver(state) else { return nil }
        let ticket = ticket(state.nextTicket)
        if ticket.index == 0 { ticket.slot.open(forStep: ticket.step) }
        state.nextTicket += 1
        return ticket
      })
  }

  private func isOver(_ state: State) -> Bool { state.isStopped || state.nextTicket >= steps.count * imagesPerStep }

  private func ticket(_ number: Int) -> Ticket {
    let (stepIndex, index) = number.quotientAndRemainder(dividingBy: imagesPerStep)
    let step = steps.lowerBound + stepIndex
    return Ticket(step: step, index: index, slot: slot(ofStep: step))
  }

  /// Whether its slot has memory for it.
  private func isOpen(_ ticket: Ticket) -> Bool { ticket.index > 0 || ticket.slot.state == .free }

  /// Reports that a ticket's image is in its slot, or why it cannot be.
  func finish(_ ticket: Ticket, sample: Int, outcome: Result<LoadedImage, DatasetError>) {
    let isLast = state.withLock(wakes: false) { _ in
      ticket.slot.record(sample: sample, at: ticket.index, outcome: outcome)
    }
    // Whoever waits for the batch need not look after each of its images.
    if isLast { state.withLock { _ in } }
  }

  /// Waits for the batch of `step` and hands it over.
  func waitForSlot(step: Int) throws(DatasetError) -> BatchSlot {
    precondition(steps.contains(step), "step \(step) outside \(steps)")
    let slot = slot(ofStep: step)
    return try state.wait(
      wakes: false,
      until: { state in
        precondition(!state.isStopped, "the loader has been stopped")
        precondition(slot.state != .held, "all batches are held; let one go before asking for the next")
        return slot.state == .full && slot.step == step
      },
      then: { (_) throws(DatasetError) in
        if let failure = slot.failure { throw failure }
        slot.state = .held
        return slot
      })
  }

  func release(_ slot: BatchSlot) {
    state.withLock { _ in slot.state = .free }
  }

  func stop() {
    state.withLock { $0.isStopped = true }
  }

  private func slot(ofStep step: Int) -> BatchSlot {
    slots[(step - steps.lowerBound) % slots.count]
  }
}

/// What is known of an image whose pixels are in their slot.
struct LoadedImage {
  let label: Int?
  let written: WrittenImage
}

/// One batch's memory and what is known of it; guarded by the ring's lock as described there.
final class BatchSlot: @unchecked Sendable {
  enum State {
    case free, filling, full, held
  }

  let images: [PlanarImage]
  fileprivate(set) var step = 0
  fileprivate var state = State.free
  fileprivate var failure: DatasetError?
  private(set) var samples: [Int]
  private(set) var labels: [Int?]
  private var troubled: [(index: Int, written: WrittenImage)] = []
  private(set) var asksForTurnCount = 0
  private var missing = 0
  private var failedIndex = Int.max

  init(imageCount: Int, shape: ImageShape, kind: SampleKind) {
    images = (0..<imageCount).map { _ in PlanarImage(shape: shape, kind: kind) }
    samples = Array(repeating: 0, count: imageCount)
    labels = Array(repeating: nil, count: imageCount)
  }

  /// In the order of the batch, whatever thread came first.
  var badSamples: [BadSample] { troubled.sorted { $0.index < $1.index }.flatMap { $0.written.passedOver } }

  /// In the order of the batch, too.
  var goodTheSecondTime: [BadSample] {
    troubled.sorted { $0.index < $1.index }.flatMap { $0.written.goodTheSecondTime }
  }

  fileprivate func open(forStep step: Int) {
    self.step = step
    state = .filling
    missing = images.count
    troubled.removeAll(keepingCapacity: true)
    asksForTurnCount = 0
    failure = nil
    failedIndex = .max
  }

  /// Returns whether that was the last image missing.
  fileprivate func record(sample: Int, at index: Int, outcome: Result<LoadedImage, DatasetError>) -> Bool {
    samples[index] = sample
    switch outcome {
    case .success(let image):
      labels[index] = image.label
      let written = image.written
      if !(written.passedOver.isEmpty && written.goodTheSecondTime.isEmpty) { troubled.append((index, written)) }
      if written.asksForTurn { asksForTurnCount += 1 }
    case .failure(let error):
      if index < failedIndex { (failedIndex, failure) = (index, error) }
    }
    missing -= 1
    if missing == 0 { state = .full }
    return missing == 0
  }
}
