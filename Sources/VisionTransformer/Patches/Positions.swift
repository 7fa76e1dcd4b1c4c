import Compute

/// Fixed 2-D sine-cosine position embeddings: [1 + L, width], the first row (cls) zero.
///
/// With ω_i = 10000^(−i / (width/4)), a patch's row is [sin ωx, cos ωx, sin ωy, cos ωy], x its column and y its
/// row, computed in double precision. Not trained.
public func sineCosinePositions(grid: GridSize, width: Int) -> [Float] {
  precondition(width % 4 == 0, "the width is divisible by 4")
  let quarter = width / 4
  let frequencies = (0..<quarter).map { Elementary.pow(10_000, Double($0) / Double(quarter)) }
  let axis = (0..<max(grid.height, grid.width)).map { coordinate in
    let angles = frequencies.map { Double(coordinate) / $0 }
    return angles.map { Float(Elementary.sin($0)) } + angles.map { Float(Elementary.cos($0)) }
  }
  var table = [Float](repeating: 0, count: width)
  table.reserveCapacity((1 + grid.count) * width)
  for y in 0..<grid.height {
    for x in 0..<grid.width {
      table += axis[x]
      table += axis[y]
    }
  }
  return table
}
