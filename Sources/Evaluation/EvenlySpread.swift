import Datasets
import Imaging

/// Some images of a source, spread evenly over it.
public struct EvenlySpread: ImageSource {
  public let count: Int
  private let source: any ImageSource

  /// - Parameter most: images at most; a source with no more is taken whole.
  public init(_ source: any ImageSource, most: Int) {
    precondition(most >= 1, "at least one image")
    self.source = source
    count = min(most, source.count)
  }

  public var kind: String { source.kind }
  public var shape: ImageShape? { source.shape }
  public var sampleKind: SampleKind { source.sampleKind }
  public var classNames: [String] { source.classNames }
  /// Of the whole source.
  public func identity() -> DataIdentity { source.identity() }

  public func name(of index: Int) -> String { source.name(of: place(index)) }
  public func label(of index: Int) -> Int? { source.label(of: place(index)) }

  public func image(at index: Int) throws(DatasetError) -> Image {
    do throws(DatasetError) {
      return try source.image(at: place(index))
    } catch {
      guard case .badImage(let bad) = error else { throw error }
      throw .badImage(BadSample(index: index, name: bad.name, reason: bad.reason))
    }
  }

  public func file(at index: Int) throws(ImagingError) -> EncodedImage? { try source.file(at: place(index)) }

  private func place(_ index: Int) -> Int { index * source.count / count }
}
