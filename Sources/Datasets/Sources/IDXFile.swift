/// The content of an IDX file of bytes: a number of dimensions, their sizes, and the bytes, row after row. The format is
/// described on the MNIST page of LeCun, Cortes and Burges.
struct IDXFile {
  let dimensions: [Int]
  let bytes: [UInt8]

  /// Reads the file at `path`, gzip or not, which must have `rank` dimensions.
  init(path: String, rank: Int) throws(DatasetError) {
    let reader = try GzipReader(path: path)
    let magic = try reader.read(upTo: 4)
    guard magic == [0, 0, 8, UInt8(rank)] else {
      throw .notADataset(
        path: path,
        reason: "an IDX file of bytes in \(rank) dimensions begins with \([0, 0, 8, rank]), this one with \(magic)")
    }
    let sizes = try reader.read(upTo: 4 * rank)
    guard sizes.count == 4 * rank else { throw .corrupt(path: path, reason: "it ends within its header") }
    dimensions = (0..<rank).map { dimension in
      sizes[4 * dimension..<4 * dimension + 4].reduce(0) { $0 << 8 | Int($1) }
    }
    var expected = 1
    for dimension in dimensions {
      let (product, overflow) = expected.multipliedReportingOverflow(by: dimension)
      guard dimension > 0 && !overflow && product <= reader.byteCountLimit else {
        throw .corrupt(
          path: path, reason: "its \(reader.storedByteCount) bytes cannot hold what its header says: \(dimensions)")
      }
      expected = product
    }
    // Asked for one byte more than there should be, so that a longer file is noticed, and its checksum read.
    let bytes = try reader.read(upTo: expected + 1)
    guard bytes.count >= expected else {
      throw .corrupt(path: path, reason: "it ends after \(bytes.count) of \(expected) bytes")
    }
    guard bytes.count == expected else {
      throw .corrupt(path: path, reason: "it goes on after the \(expected) bytes that its header says")
    }
    self.bytes = bytes
  }
}
