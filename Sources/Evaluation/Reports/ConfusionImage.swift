import Imaging

extension ClassificationReport {
  /// The confusion matrix as an image: a row for each class, a column for each answer, the darker the larger the share of
  /// the class's images. Up to forty classes have their names and shares written in; of more, only squares can be seen.
  public var confusionImage: Image {
    let layout = ConfusionLayout(classNames)
    var drawing = Drawing(width: layout.width, height: layout.height)
    drawing.write("class", left: layout.margin, top: layout.top - 6 - layout.letter)
    drawing.write("answer", left: layout.left, top: layout.margin)
    for label in classNames.indices {
      let total = count(ofClass: label)
      for answer in classNames.indices {
        let share = total > 0 ? Double(count(label, answered: answer)) / Double(total) : 0
        let columns = layout.columns(of: answer)
        let rows = layout.rows(of: label)
        drawing.fill(columns, rows, Self.shade(share, isRight: label == answer))
        if layout.hasText, count(label, answered: answer) > 0 {
          let text = share < 0.005 ? "<1" : "\(Int((100 * share).rounded()))"
          drawing.write(
            text, left: columns.lowerBound + (columns.count - Drawing.length(of: text)) / 2,
            top: rows.lowerBound + layout.inset, color: share > 0.5 ? .white : .black)
        }
      }
      guard layout.hasText else { continue }
      let name = layout.name(label)
      drawing.write(
        name, left: layout.left - 6 - Drawing.length(of: name), top: layout.rows(of: label).lowerBound + layout.inset)
      drawing.writeUpwards(name, left: layout.columns(of: label).lowerBound + layout.inset, bottom: layout.top - 6)
    }
    return drawing.image
  }

  /// White for none; right answers go to blue and wrong ones to red. The root lets small shares be seen.
  private static func shade(_ share: Double, isRight: Bool) -> RGB {
    let weight = share.squareRoot()
    func mixed(_ full: Double) -> UInt8 { UInt8((245 + (full - 245) * weight).rounded()) }
    return isRight ? RGB(mixed(20), mixed(70), mixed(140)) : RGB(mixed(170), mixed(25), mixed(20))
  }
}

/// Where the squares and names of a confusion matrix stand.
private struct ConfusionLayout {
  let classNames: [String]
  let hasText: Bool
  /// Of a square, with the gap behind it.
  let pitch: Int
  let gap: Int
  let margin = 12
  let letter = Drawing.letterHeight
  /// Corner of the first square.
  let left: Int
  let top: Int

  private static let mostWithText = 40
  private static let longestName = 24

  init(_ classNames: [String]) {
    self.classNames = classNames
    hasText = classNames.count <= Self.mostWithText
    pitch = hasText ? 30 : max(2, 1200 / classNames.count)
    gap = pitch > 4 ? 1 : 0
    let longest = hasText ? classNames.map { Drawing.length(of: Self.shortened($0)) }.max()! : 0
    left = margin + max(longest, Drawing.length(of: "class")) + 6
    top = margin + letter + 6 + longest + 6
  }

  var width: Int { left + classNames.count * pitch + margin }
  var height: Int { top + classNames.count * pitch + margin }
  var inset: Int { (pitch - letter) / 2 }

  func columns(of answer: Int) -> Range<Int> { left + answer * pitch..<left + (answer + 1) * pitch - gap }
  func rows(of label: Int) -> Range<Int> { top + label * pitch..<top + (label + 1) * pitch - gap }

  func name(_ label: Int) -> String { Self.shortened(classNames[label]) }

  private static func shortened(_ name: String) -> String {
    name.count > longestName ? name.prefix(longestName - 2) + ".." : name
  }
}
