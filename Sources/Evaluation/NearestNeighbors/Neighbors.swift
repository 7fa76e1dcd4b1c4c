import Compute

/// The rows of a set that are nearest to some row, the nearest first: by falling similarity, and of equal ones the row that
/// comes first.
struct Neighbors {
  /// How many are kept at most.
  let limit: Int
  /// A heap whose first element is the farthest of those that are kept.
  private var heap: [(similarity: Float, row: Int32)] = []

  init(limit: Int) {
    precondition(limit >= 1, "at least one neighbour")
    self.limit = limit
    heap.reserveCapacity(limit)
  }

  /// Offers rows from `first` on, which come behind all that were offered before.
  ///
  /// - Parameter excluded: a row that is not offered.
  mutating func offer(_ similarities: Vector, first: Int, excluding excluded: Int?) {
    for index in 0..<similarities.count {
      let similarity = similarities[index]
      // An equal one that came before stays.
      if heap.count == limit, similarity <= heap[0].similarity { continue }
      if first + index == excluded { continue }
      insert((similarity, Int32(first + index)))
    }
  }

  /// The neighbours, the nearest first. The heap is used up.
  mutating func sorted() -> [(similarity: Float, row: Int32)] {
    defer { heap = [] }
    return heap.sorted { Self.isFarther($1, than: $0) }
  }

  private static func isFarther(_ a: (similarity: Float, row: Int32), than b: (similarity: Float, row: Int32)) -> Bool {
    a.similarity != b.similarity ? a.similarity < b.similarity : a.row > b.row
  }

  private mutating func insert(_ element: (similarity: Float, row: Int32)) {
    if heap.count < limit {
      heap.append(element)
      var place = heap.count - 1
      while place > 0, Self.isFarther(heap[place], than: heap[(place - 1) / 2]) {
        heap.swapAt(place, (place - 1) / 2)
        place = (place - 1) / 2
      }
      return
    }
    heap[0] = element
    var place = 0
    while true {
      var farthest = place
      for child in [2 * place + 1, 2 * place + 2]
      where child < limit && Self.isFarther(heap[child], than: heap[farthest]) {
        farthest = child
      }
      if farthest == place { return }
      heap.swapAt(place, farthest)
      place = farthest
    }
  }
}
