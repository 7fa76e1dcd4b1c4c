import Compute
import VisionTransformer

/// Noise for each patch of one image into `output`, [L]: the patches of lowest noise, as many as the model sees, stay
/// visible. A pure function of the model's masking, seed, epoch and sample.
///
/// The noise is uniform within 0…1. What the pattern of the masking removes has 1 added to it, so that it comes last; as the
/// number of removed patches is fixed, those that are missing to it are removed by their noise.
public func maskNoise(output: Vector, for model: ModelConfiguration, seed: UInt64, epoch: Int, sample: Int) {
  precondition(output.count == model.patchCount, "noise for each patch")
  var stream = RandomStream(seed: seed, purpose: .mask, epoch: epoch, sample: sample)
  uniformNoise(output: output, &stream)
  switch model.masking {
  case .random: break
  case .block: removeBlocks(output: output, grid: model.grid, count: model.maskedCount, &stream)
  case .grid: removeAllButGrid(output: output, grid: model.grid, visible: model.visibleCount, &stream)
  }
}

/// The noise of random masking.
public func maskNoise(output: Vector, seed: UInt64, epoch: Int, sample: Int) {
  var stream = RandomStream(seed: seed, purpose: .mask, epoch: epoch, sample: sample)
  uniformNoise(output: output, &stream)
}

/// The same noise as an array.
public func maskNoise(patchCount: Int, seed: UInt64, epoch: Int, sample: Int) -> [Float] {
  let noise = AlignedBuffer<Float>(repeating: 0, count: patchCount)
  defer { extendLifetime(noise) }
  maskNoise(output: noise.all, seed: seed, epoch: epoch, sample: sample)
  return noise.all.array
}

private func uniformNoise(output: Vector, _ stream: inout RandomStream) {
  for patch in 0..<output.count { output[patch] = stream.uniform() }
}

/// Removes rectangles of patches until `count` are removed or none is found that fits.
///
/// As in BEiT (Bao et al. 2022, Algorithm 1, and its authors' code): a block has 16 of 196 patches or more and at most what
/// is still missing, and a ratio of height to width between 0.3 and 1/0.3, uniform in its logarithm; blocks may overlap; one
/// that removes nothing new, or more than is missing, is drawn again, up to ten times. Where less is missing than the
/// smallest block, BEiT stops; here blocks of what is missing go on, so that the number is always the same.
private func removeBlocks(output: Vector, grid: GridSize, count: Int, _ stream: inout RandomStream) {
  let smallest = max(1, grid.count * 16 / 196)
  let logRatio = Elementary.log(1 / 0.3)
  var missing = count
  var attempts = 0
  while missing > 0 && attempts < 10 {
    attempts += 1
    let area = stream.uniform(in: Double(min(smallest, missing))...Double(missing))
    let ratio = Elementary.exp(stream.uniform(in: -logRatio...logRatio))
    let height = Int((area * ratio).squareRoot().rounded(.toNearestOrEven))
    let width = Int((area / ratio).squareRoot().rounded(.toNearestOrEven))
    guard height > 0 && height < grid.height && width > 0 && width < grid.width else { continue }
    let top = Int(stream.integer(below: UInt32(grid.height - height + 1)))
    let left = Int(stream.integer(below: UInt32(grid.width - width + 1)))
    let patches = (top..<top + height).lazy.flatMap { row in
      (left..<left + width).lazy.map { column in row * grid.width + column }
    }
    let new = patches.count { output[$0] < 1 }
    guard new > 0 && new <= missing else { continue }
    for patch in patches where output[patch] < 1 { output[patch] += 1 }
    missing -= new
    attempts = 0
  }
}

/// Removes all patches but one of each square. Which one is drawn for each image: an encoder that saw a quarter of all
/// places in training, and always the same, would know nothing of the others.
private func removeAllButGrid(output: Vector, grid: GridSize, visible: Int, _ stream: inout RandomStream) {
  guard let side = Masking.gridSide(of: grid, visible: visible) else {
    preconditionFailure("a grid was asked for that does not exist")
  }
  let (keptRow, keptColumn) = (Int(stream.integer(below: UInt32(side))), Int(stream.integer(below: UInt32(side))))
  for patch in 0..<output.count {
    let (row, column) = patch.quotientAndRemainder(dividingBy: grid.width)
    if row % side != keptRow || column % side != keptColumn { output[patch] += 1 }
  }
}
