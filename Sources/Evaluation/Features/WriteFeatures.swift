import Files

extension FeatureExtractor {
  /// Writes the features of all images that can be used to `path` (`.npy` or `.safetensors`, which must not exist), and
  /// these images' names, a line each in the order of the rows, to `path`.txt; where the images have labels, each line
  /// goes on with a tab and the name of the class. Both appear whole, or neither does. Rank 0 writes.
  ///
  /// - Parameter metadata: for `.safetensors`, beside what is known here.
  /// - Returns: the number of rows.
  /// - Throws: on all ranks alike.
  public func write(to path: String, badImages: BadImagePolicy, metadata: [String: String]) throws -> Int {
    func allMetadata(rows: Int, leftOut: Int) -> [String: String] {
      metadata.merging([
        "kept_fraction": "\(crop.keptFraction)", "count": "\(rows)", "left_out": "\(leftOut)",
      ]) { given, _ in given }
    }
    let (file, names) = try communicator.together {
      communicator.rank == 0 ? (try PendingFile(path), try PendingFile(path + ".txt")) : (nil, nil)
    }
    let format = try communicator.together {
      try FeatureFile(
        path, rowLimit: source.count, rowShape: kind.shape,
        metadataLimit: allMetadata(rows: source.count, leftOut: source.count))
    }
    var leftOut = LeftOutImages(of: source.count, badImages)
    var rowCount: Int { source.count - leftOut.samples.count }
    var next = 0
    func nextRows() throws -> [Float] {
      // A batch without an image that can be used is not the end.
      while next < source.count {
        let range = next..<min(source.count, next + batchCount)
        next = range.upperBound
        let features = try features(of: range)
        try communicator.leaveOut(features.bad, &leftOut)
        if !features.rows.isEmpty { return features.rows }
      }
      return []
    }
    guard let file, let names else {
      // The others have their share of the work, and no file.
      while try !nextRows().isEmpty {}
      return rowCount
    }
    try format.write(
      to: file.temporary, next: nextRows, metadata: { allMetadata(rows: rowCount, leftOut: leftOut.samples.count) })
    try writeNames(of: source, leavingOut: Set(leftOut.samples.map(\.index)), to: names.temporary)
    try names.commit()
    try file.commit()
    return rowCount
  }
}
