/// The files of a run's folder `gallery`: an image for each epoch that has one.
public enum GalleryFile {
  /// `epoch-0010.png`
  public static func name(ofEpoch epoch: Int) -> String {
    let digits = String(epoch)
    return "epoch-\(String(repeating: "0", count: max(0, 4 - digits.count)))\(digits).png"
  }

  /// Nil for what is no gallery's name.
  static func epoch(of name: String) -> Int? {
    name.wholeMatch(of: /epoch-(\d+)\.png/).flatMap { Int($0.1) }
  }
}
