import Foundation
import Testing

@testable import Reporting

struct StepLineScannerTests {
  private func read(_ scanner: inout StepLineScanner, _ line: String) -> Bool {
    let bytes = Array(line.utf8)
    return scanner.read(bytes.span, bytes.indices)
  }

  /// Five roundings, of the digits, of two powers of ten and of two products, each by at most 0.52 of a relative epsilon,
  /// which is at most two units in the last place.
  @Test("numbers are those of the slow reader, to a few units in the last place")
  func numbers() throws {
    var generator = SystemRandomNumberGenerator()
    var values: [Double] = [
      0, -0.0, 1, 0.1, 1e22, 1e23, 123_456_789_012_345_680, 2.2250738585072014e-308, 1.7976931348623157e308,
      1e-5,
    ]
    for _ in 0..<20_000 {
      let value = Double(bitPattern: generator.next())
      if value.isFinite, abs(value) > 1e-290 || value == 0 { values.append(value) }
      values.append(Double.random(in: 0..<10, using: &generator))
    }
    for value in values {
      let bytes = Array("\(value)".utf8)
      var place = 0
      let read = try #require(StepLineScanner.number(bytes.span, &place, bytes.count))
      #expect(place == bytes.count)
      #expect(abs(read - value) <= 5.2 * value.ulp, "\(value) became \(read)")
    }
  }

  @Test("a step's line gives what LogLine gives of it")
  func lines() throws {
    var scanner = StepLineScanner()
    var record = StepRecord(
      step: 7, epoch: 0.5, loss: .nan, learningRate: 1.5e-4, imagesPerSecond: 412, stepSeconds: 0.25)
    record.gradientNorm = .infinity
    for step in 7...9 {
      record.step = step
      if step == 9 { (record.gradientNorm, record.dataSeconds) = (nil, 0.125) }
      let text = String(decoding: LogLine.bytes(of: record, time: 1_700_000_000.25).dropLast(), as: UTF8.self)
      let isRead = read(&scanner, text)
      #expect(isRead)
      let line = try #require(LogLine(json: Array(text.utf8)))
      #expect(scanner.step == step)
      let read = Dictionary(uniqueKeysWithValues: scanner.values.map { (scanner.names[$0.field], $0.value) })
      var expected = line.values.compactMapValues(\.double)
      expected["time"] = line.time
      #expect(read.keys.sorted() == expected.keys.sorted())
      for (name, value) in expected {
        let found = try #require(read[name])
        #expect(found == value || found.isNaN && value.isNaN || abs(found - value) <= 5.2 * value.ulp, "\(name)")
      }
    }
  }

  @Test(
    "what is no step's line of numbers is left to the slow reader",
    arguments: [
      "", "{", "{\"event\":\"epoch\",\"step\":1,\"time\":2}",
      "{\"event\":\"step\",\"step\":1,\"path\":\"a\",\"time\":2}",
      "{\"event\":\"step\",\"step\":1,\"loss\":1", "{\"event\":\"step\",\"step\":1,\"loss\":}",
      "{\"event\":\"step\",\"step\":1,\"loss\":1e}", "{\"event\":\"step\",\"step\":1,\"a\\\"b\":1}",
      "{\"event\":\"step\",\"step\":1,\"loss\":[1]}", "{\"event\":\"step\",\"step\":1,\"loss\":1}x",
      "{\"event\":\"step\",\"step\":1,\"loss\"", "{\"event\":\"step\",\"step\":",
      "{\"event\":\"step\",\"step\":1e30,\"loss\":1}", "{\"event\":\"step\",\"step\":1.5,\"loss\":1}",
    ]) func others(line: String)
  {
    var scanner = StepLineScanner()
    let isRead = read(&scanner, line)
    #expect(!isRead)
  }
}
