import Files

/// Opens the data set at `path`, of whatever kind it is.
///
/// - A folder that holds `*-images-idx3-ubyte` files (`.gz` or not), or such a file: IDX, as MNIST is kept.
/// - Any other folder: its JPEG and PNG files, in subfolders too.
public func openSource(at path: String) throws(DatasetError) -> any ImageSource {
  switch try readingDataset({ () throws(FileError) in try FileStatus(path).kind }) {
  case .directory:
    if let images = try IDXSource.imagesFile(inFolder: path) {
      return try IDXSource(imagesPath: images)
    }
    return try FolderSource(root: path)
  case .regular:
    guard try looksLikeIDX(path) else {
      throw .notADataset(
        path: path,
        reason: "it is a file, but not an IDX file of images; give the folder that the images are in")
    }
    return try IDXSource(imagesPath: path)
  case .other:
    throw .notADataset(path: path, reason: "it is neither a folder nor a file")
  }
}

/// Whether the file, unpacked if it is a gzip file, begins as IDX files of bytes do.
private func looksLikeIDX(_ path: String) throws(DatasetError) -> Bool {
  let stream = try GzipReader(path: path)
  guard let start = try? stream.read(upTo: 3) else { return false }
  return start == [0, 0, 8]
}
