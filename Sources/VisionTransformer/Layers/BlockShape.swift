/// How many rows of what width go through a block.
///
/// `queries` is the number of an image's last tokens whose output is wanted: all of them, or in the decoder's last
/// block the removed patches only. The tokens before them are then attended to, and nothing else is done for them.
struct BlockShape: Sendable {
  let images: Int
  let tokens: Int
  let queries: Int
  let transformer: TransformerConfiguration

  var width: Int { transformer.width }
  var hiddenWidth: Int { transformer.hiddenWidth }
  var inputRows: Int { images * tokens }
  var outputRows: Int { images * queries }
  var dropsTokens: Bool { queries < tokens }

  func inputRows(of image: Int) -> Range<Int> { image * tokens..<(image + 1) * tokens }
  func outputRows(of image: Int) -> Range<Int> { image * queries..<(image + 1) * queries }
  /// The rows of an image's queries among the input's rows.
  func queryRows(of image: Int) -> Range<Int> { (image + 1) * tokens - queries..<(image + 1) * tokens }
  /// The rows of an image's heads among all heads.
  func heads(of image: Int) -> Range<Int> { image * transformer.heads..<(image + 1) * transformer.heads }
}
