import Files
import Foundation

/// One number for both sides, or height and width.
struct Sides: Codable, Equatable {
  var height: Int
  var width: Int

  /// What a size can be: products of a few of these fit an integer.
  static let sensible = 1...1_048_576

  init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let side = try? container.decode(Int.self)
    let sides = try side.map { [$0, $0] } ?? container.decode([Int].self)
    guard sides.count == 2, sides.allSatisfy(Self.sensible.contains) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "expected one number or two from 1 to \(Self.sensible.upperBound)")
    }
    self.init(height: sides[0], width: sides[1])
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if height == width { try container.encode(height) } else { try container.encode([height, width]) }
  }
}

/// Reads `path` as JSON in snake case; nil when it does not exist.
func readJSON<Value: Decodable>(_ type: Value.Type, from path: String) throws(InteroperabilityError) -> Value? {
  let data: Data
  do throws(FileError) {
    data = Data(try readFile(path))
  } catch {
    guard !error.isNotFound else { return nil }
    throw .file(error)
  }
  let decoder = JSONDecoder()
  decoder.keyDecodingStrategy = .convertFromSnakeCase
  do {
    return try decoder.decode(type, from: data)
  } catch DecodingError.typeMismatch(let expected, let context) {
    throw .malformedConfiguration(path: path, reason: "\(key(context)) is not of type \(expected)")
  } catch DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty {
    throw .malformedConfiguration(path: path, reason: "\(key(context)) is not valid: \(context.debugDescription)")
  } catch DecodingError.valueNotFound(_, let context), DecodingError.keyNotFound(_, let context) {
    throw .malformedConfiguration(path: path, reason: "\(key(context)) has no value")
  } catch {
    throw .malformedConfiguration(path: path, reason: "it is not valid JSON")
  }
}

/// The bytes of `value` as JSON in snake case, the same each time.
func jsonBytes(_ value: some Encodable) -> [UInt8] {
  let encoder = JSONEncoder()
  encoder.keyEncodingStrategy = .convertToSnakeCase
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  do {
    return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
  } catch {
    preconditionFailure("a configuration whose numbers are finite can be encoded: \(error)")
  }
}

private func key(_ context: DecodingError.Context) -> String {
  // As it stands in the file: in snake case.
  context.codingPath.map(\.stringValue).joined(separator: ".")
    .map { $0.isUppercase ? "_\($0.lowercased())" : "\($0)" }.joined()
}
