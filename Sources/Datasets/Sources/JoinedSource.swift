import Imaging

/// Several data sets as one: the images of the first, then those of the second, and so on.
public struct JoinedSource: ImageSource {
  public let kind: String
  public let count: Int
  public let classNames: [String]
  public let notes: [String]
  public let shape: ImageShape?
  public let sampleKind: SampleKind
  private let sources: [any ImageSource]
  /// The first image of each source.
  private let firsts: [Int]
  /// For each source, what its labels are among `classNames`.
  private let labels: [[Int]]

  public init(_ sources: [any ImageSource]) {
    precondition(!sources.isEmpty, "nothing to join")
    self.sources = sources
    var firsts: [Int] = []
    var count = 0
    for source in sources {
      firsts.append(count)
      count += source.count
    }
    (self.firsts, self.count) = (firsts, count)
    kind = sources.map { "\($0.count) images of \($0.kind)" }.joined(separator: ", ")
    notes = sources.flatMap(\.notes)
    shape = sources.allSatisfy { $0.shape == sources[0].shape } ? sources[0].shape : nil
    sampleKind = sources.map(\.sampleKind).max { $0.byteCount < $1.byteCount } ?? .uint8
    // Classes of one name are one class. Where a source has none, no image has.
    let isLabelled = sources.allSatisfy { !$0.classNames.isEmpty }
    var names: [String] = []
    var places: [String: Int] = [:]
    for name in isLabelled ? sources.flatMap(\.classNames) : [] where places[name] == nil {
      places[name] = names.count
      names.append(name)
    }
    classNames = names
    labels = sources.map { isLabelled ? $0.classNames.map { places[$0]! } : [] }
  }

  public func identity() -> DataIdentity {
    DataIdentity(count: count) { hash in
      for source in sources {
        let identity = Array(source.identity().hash.utf8)
        identity.withUnsafeBytes { hash.update($0) }
      }
    }
  }

  public func name(of index: Int) -> String {
    let (source, own) = place(of: index)
    return sources[source].name(of: own)
  }

  public func label(of index: Int) -> Int? {
    let (source, own) = place(of: index)
    guard !classNames.isEmpty, let label = sources[source].label(of: own) else { return nil }
    return labels[source][label]
  }

  public func image(at index: Int) throws(DatasetError) -> Image {
    let (source, own) = place(of: index)
    do throws(DatasetError) {
      return try sources[source].image(at: own)
    } catch {
      throw error.ofImage(index)
    }
  }

  public func image(at index: Int, _ request: CropRequest) throws(DatasetError) -> CroppedImage {
    let (source, own) = place(of: index)
    do throws(DatasetError) {
      return try sources[source].image(at: own, request)
    } catch {
      throw error.ofImage(index)
    }
  }

  public func file(at index: Int) throws(ImagingError) -> EncodedImage? {
    let (source, own) = place(of: index)
    return try sources[source].file(at: own)
  }

  private func place(of index: Int) -> (source: Int, index: Int) {
    let source = firsts.lastIndex { $0 <= index }!
    return (source, index - firsts[source])
  }
}

extension DatasetError {
  /// The same error, said of the image that has this number among all.
  fileprivate func ofImage(_ index: Int) -> DatasetError {
    guard case .badImage(let bad) = self else { return self }
    return .badImage(BadSample(index: index, name: bad.name, reason: bad.reason))
  }
}
