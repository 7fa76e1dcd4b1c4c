import Compute

/// Uniform noise for each patch of one image: [L]. The patches of lowest noise stay visible.
public func maskNoise(patchCount: Int, seed: UInt64, epoch: Int, sample: Int) -> [Float] {
  var stream = RandomStream(seed: seed, purpose: .mask, epoch: epoch, sample: sample)
  return (0..<patchCount).map { _ in stream.uniform() }
}

/// The order in which an image's patches are worked on: the visible ones first, then the removed ones, each by
/// rising noise; equal noise keeps the order of the patches (He et al. 2022, §3, "Simple implementation").
///
/// Attention does not see the order of its tokens, so nothing is ever put back into the order of the image.
func patchOrder(noise: [Float]) -> [Int] {
  noise.indices.sorted { (noise[$0], $0) < (noise[$1], $1) }
}
