import Collectives
import Compute
import Files
import Foundation
import Reporting

/// What a run says before its first step: what it read, what it will do, and where.
func announcement<Task>(of run: Run<Task>) -> String {
  let (configuration, source, replica) = (run.configuration, run.source, run.replica)
  let (train, placement) = (configuration.train, replica.placement)
  let hosts = Set(run.communicator.hostNames).count
  let classes = source.classNames.isEmpty ? "" : " in \(source.classNames.count) classes"
  let shards = replica.optimizer.ownership.isSharded ? "; the optimiser's moments are divided among them" : ""
  let warmup = String(format: "%g", train.resolvedWarmupEpochs)
  let rest = source.count % train.batchSize
  let leftOver = rest == 0 ? "" : "; \(rest) of an epoch's \(source.count) images are in no batch"
  let place = configuration.data.path.all.map { escaped($0) }.joined(separator: ", ")
  let data = [("data", "\(place): \(source.kind), \(source.count) images\(classes)")] + source.notes.map { ("", $0) }
  let lines: [(String, String)] = [
    ("model", replica.task.summary),
    (
      "batch",
      "\(train.batchSize) images a step = \(ProgressFormat.count(placement.tree.leafCount, "virtual worker")) x "
        + ProgressFormat.count(placement.imagesPerVirtualWorker, "image")
    ),
    (
      "schedule",
      "\(ProgressFormat.count(run.lastStep, "step")), \(run.order.stepsPerEpoch) an epoch; learning rate \(train.baseLearningRate) x \(train.batchSize) / 256 "
        + "= \(String(format: "%.4g", train.schedule.peak)) after \(warmup) epochs of warm-up\(leftOver)"
    ),
    (
      "ranks",
      "\(placement.ranks) on \(ProgressFormat.count(hosts, "host")), each "
        + "\(ProgressFormat.count(placement.block.count, "virtual worker")) on "
        + "\(ProgressFormat.count(placement.threads, "thread")) in \(ProgressFormat.count(placement.rounds, "round"))\(shards)"
    ),
    (
      "bits",
      sentence(onBitsOf: run) + sentence(onBitsOf: run.kernels, precision: train.precision)
    ),
    (
      "kernels",
      "\(train.precision.rawValue), products by \(BLASKernelName.description(of: run.kernels.kernel)) "
        + "(\(run.kernels.reason))" + (kernelAdvice(for: run).map { "; \($0)" } ?? "")
    ),
  ]
  return (data + lines).map { $0.0.padding(toLength: 10, withPad: " ", startingAt: 0) + $0.1 }.joined(separator: "\n")
}

private func sentence<Task>(onBitsOf run: Run<Task>) -> String {
  let (placement, wire) = (run.replica.placement, run.configuration.parallel.gradientWire)
  let repeatable =
    "repeatable for \(ProgressFormat.count(placement.ranks, "rank")), but depend on that number: "
  if wire == .bf16 { return repeatable + "gradients cross between ranks as bf16 (parallel.gradient_wire)" }
  guard placement.hasEqualBits else {
    return repeatable + "it is no power of two that divides \(placement.tree.leafCount)"
  }
  let any = "on any power-of-two number of ranks that divides \(placement.tree.leafCount), and on any number of threads"
  return run.pastHasEqualBits
    ? "equal \(any)"
    : "not those of one rank: up to step \(run.step) ranks took part on whose number they depend; what follows is equal \(any)"
}

/// In single precision our own kernels have the same bits on every CPU. What others make of a product, and which of them
/// bfloat16 gets, depends on the CPU.
private func sentence(onBitsOf kernels: BLASKernels, precision: Precision) -> String {
  if precision == .fp32, kernels.kernel == BLASKernelName.own.rawValue { return "" }
  return "; they belong to this kind of CPU, because others have other kernels"
}

/// What OpenBLAS would gain, where it is left to choose and the run is long enough to ask.
private func kernelAdvice<Task>(for run: Run<Task>) -> String? {
  let configuration = run.configuration
  guard configuration.train.precision == .fp32, run.kernels.kernel == BLASKernelName.own.rawValue else { return nil }
  guard BLAS.ownIsFast else {
    return "this program was built for a CPU without fused multiply-adds and computes each by a function: build it "
      + "with MAE_CPU=native, or name OpenBLAS's kernels with parallel.blas_kernel"
  }
  let images = (run.lastStep - run.step) * run.replica.placement.imagesPerVirtualWorker * run.replica.placement.rounds
  return BLASKernelAdvice(
    configuration.matrixProducts, images: configuration.imagesPerVirtualWorker, imagesOfAThread: images
  )?.description
}

/// `1.23 M`.
public func inMillions(_ count: Int) -> String { String(format: "%.2f M", Double(count) / 1e6) }
