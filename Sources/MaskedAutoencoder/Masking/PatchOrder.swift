import Compute

/// The order in which an image's patches are worked on: the visible ones first, then the removed ones, each by
/// rising noise; equal noise keeps the order of the patches (He et al. 2022, §3, "Simple implementation").
///
/// Attention does not see the order of its tokens, so nothing is ever put back into the order of the image.
///
/// - Parameters:
///   - output: [L], overwritten.
///   - noise: [L].
func patchOrder(output: VectorView<Int>, noise: Vector) {
  precondition(output.count == noise.count, "one place for each patch")
  // Each patch goes behind those before it whose noise is not higher. There are few, and nothing but `output` is
  // needed; the library's sort takes memory.
  for patch in 0..<noise.count {
    var (place, end) = (0, patch)
    while place < end {
      let middle = (place + end) / 2
      if noise[output[middle]] <= noise[patch] { place = middle + 1 } else { end = middle }
    }
    (output.base + place + 1).update(from: output.base + place, count: patch - place)
    output[place] = patch
  }
}
