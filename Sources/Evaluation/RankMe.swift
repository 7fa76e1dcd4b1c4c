import Compute

/// The effective rank of features: e to the entropy of their singular values' shares. It tells features of many directions
/// from collapsed ones without any label (Garrido et al., "RankMe: Assessing the downstream performance of pretrained
/// self-supervised representations by their rank", 2023, equation 2).
///
/// - Parameter rows: [N, D].
/// - Returns: from 1 to the smaller of N and D.
public func rankMe(_ rows: Matrix) -> Double {
  let width = rows.columns
  let gram = gramMatrix(rows)
  // Eigenvalues are the squares of the singular values. Divided by their sum, they neither overflow nor vanish.
  let trace = (0..<width).reduce(0.0) { $0 + gram[$1 * width + $1] }
  guard trace > 0 else { return 1 }
  let eigenvalues = symmetricEigenvalues(gram.map { $0 / trace }, count: width)
  let singular = eigenvalues.map { max(0, $0).squareRoot() }.sorted(by: >).prefix(min(rows.rows, width))
  let sum = singular.reduce(0, +)
  let entropy = singular.reduce(0.0) { entropy, value in
    let share = value / sum + 1e-7
    return entropy - share * Elementary.log(share)
  }
  return Elementary.exp(entropy)
}

/// xᵀ·x, [D, D]: products of at most 256 rows in single precision, added up in double precision.
private func gramMatrix(_ rows: Matrix) -> [Double] {
  let width = rows.columns
  var sums = [Double](repeating: 0, count: width * width)
  let part = AlignedBuffer<Float>(repeating: 0, count: width * width)
  defer { extendLifetime(part) }
  for start in stride(from: 0, to: rows.rows, by: 256) {
    let block = rows.rows(start..<min(rows.rows, start + 256))
    multiply(.transposed(block), .plain(block), into: part.all.reshaped(rows: width, columns: width))
    for index in sums.indices { sums[index] += Double(part.all[index]) }
  }
  return sums
}
