import Datasets
import Foundation
import Imaging
import Testing

/// Arrays that NumPy wrote: number n, row y, column x and channel c hold 1000 n + 100 y + 10 x + c.
@Suite struct NumpySourceTests {
  private func value(_ image: Int, _ row: Int, _ column: Int, _ channel: Int) -> Int {
    1000 * image + 100 * row + 10 * column + channel
  }

  private func values(_ image: Int, channels: Int) -> [Int] {
    (0..<4 * 6 * channels).map { value(image, $0 / channels / 6, $0 / channels % 6, $0 % channels) }
  }

  private func open(_ file: String, channels: Int? = nil, order: ChannelOrder? = nil) throws -> any ImageSource {
    try openSource(
      at: Fixture.path(file), options: DecodingOptions(channels: channels, channelOrder: order))
  }

  @Test(arguments: ["array_last.npy", "array_version_2.npy"]) func channelsLast(file: String) throws {
    let source = try open(file, channels: 3)
    #expect(source is NumpySource)
    #expect(source.kind == "a NumPy array [N, H, W, C] = [5, 4, 6, 3] of uint16")
    #expect(source.count == 5 && source.sampleKind == .uint16)
    #expect(source.shape == ImageShape(channels: 3, height: 4, width: 6))
    for index in 0..<5 {
      let expected = Image(
        width: 6, height: 4, channels: 3, samples: .uint16(values(index, channels: 3).map { UInt16($0) }))
      #expect(try source.image(at: index) == expected)
    }
  }

  @Test func labelsLieBesideTheImages() throws {
    let source = try open("array_last.npy", channels: 3)
    #expect(source.classNames == ["0", "1", "2"])
    #expect((0..<5).map { source.label(of: $0) } == [2, 0, 1, 1, 0])
    let bytes = try open("array_byte_images.npy", channels: 1)
    #expect((0..<5).map { bytes.label(of: $0) } == [0, 1, 2, 3, 4])
    #expect(try open("array_first.npy", channels: 3).label(of: 0) == nil)
  }

  @Test func channelsFirst() throws {
    let source = try open("array_first.npy", channels: 3)
    #expect(source.kind == "a NumPy array [N, C, H, W] = [5, 3, 4, 6] of float32")
    for index in 0..<5 {
      let expected = values(index, channels: 3).map { Float($0) }
      #expect(try source.image(at: index).samples == .float32(expected))
    }
  }

  @Test func doublesBecomeFloats() throws {
    let source = try open("array_double.npy", channels: 1)
    #expect(source.sampleKind == .float32)
    #expect(try source.image(at: 3).samples == .float32(values(3, channels: 1).map { Float($0) / 4 }))
  }

  @Test func whereBothFitTheConfigurationDecides() throws {
    let error = #expect(throws: DatasetError.self) { try open("array_ambiguous.npy", channels: 3) }
    #expect(error?.description.contains("set data.layout to channels_first or channels_last") == true)
    let last = try open("array_ambiguous.npy", channels: 3, order: .last)
    #expect(last.shape == ImageShape(channels: 3, height: 3, width: 6))
    guard case .uint16(let samples) = try last.image(at: 2).samples else {
      Issue.record("not 16 bits")
      return
    }
    #expect(samples[(1 * 6 + 4) * 3 + 2] == UInt16(value(2, 1, 4, 2)))
    let first = try open("array_ambiguous.npy", channels: 3, order: .first)
    #expect(first.shape == ImageShape(channels: 3, height: 6, width: 3))
  }

  @Test func otherChannelsThanTheModelTakes() throws {
    let source = try open("array_last.npy", channels: 13)
    let error = #expect(throws: DatasetError.self) { try source.requireChannels(13) }
    #expect(error?.isUsage == true)
    #expect(
      error?.description.hasSuffix(
        "has 3 channels, and model.channels is 13: set model.channels to 3, with a mean and std for each") == true)
    try source.requireChannels(3)
  }

  @Test(arguments: [
    ("array_fortran.npy", "it is in Fortran order; save numpy.ascontiguousarray(array) instead"),
    ("array_big_endian.npy", "its numbers are big-endian (>u2); save array.astype('<u2') instead"),
    ("array_objects.npy", "it holds Python objects, which are never read; save one array of plain numbers instead"),
    ("array_records.npy", "it holds records of several fields; save one array of plain numbers instead"),
    (
      "array_int64.npy",
      "its numbers are int64, and images are uint8, uint16, float32 or float64; save them as one of these"
    ),
    (
      "array_last_labels.npy",
      "its numbers are int64, and images are uint8, uint16, float32 or float64; save them as one of these"
    ),
  ])
  func whatCannotBeReadIsRefusedInOneSentence(file: String, reason: String) throws {
    let error = #expect(throws: DatasetError.self) { try open(file, channels: 3) }
    #expect(error?.description.hasSuffix(reason) == true, "\(error?.description ?? "")")
  }

  /// At every length, and with any byte of the header changed, it is opened or refused, and nothing is read past its end.
  @Test func everyTruncationIsNoticed() throws {
    let folder = try ScratchFolder()
    let content = Array(try Fixture.data("array_last.npy"))
    for length in 0..<content.count {
      try folder.write(content.prefix(length), to: "a.npy")
      #expect(throws: DatasetError.self, "\(length) bytes") { try openSource(at: folder.path + "/a.npy") }
    }
    for position in 0..<128 {
      for byte in [UInt8(0), 0x27, 0x39, 0xFF] {
        var damaged = content
        damaged[position] = byte
        try folder.write(damaged, to: "a.npy")
        if let source = try? openSource(at: folder.path + "/a.npy") {
          for index in [0, source.count - 1] { _ = try? source.image(at: index) }
        }
      }
    }
  }

  @Test func labelsMustFit() throws {
    let folder = try ScratchFolder()
    try folder.copyFixture("array_last.npy", to: "a.npy")
    try folder.copyFixture("array_double.npy", to: "a_labels.npy")
    let shape = #expect(throws: DatasetError.self) { try openSource(at: folder.path + "/a.npy") }
    #expect(shape?.description.contains("labels are one number an image") == true)
    try folder.copyFixture("array_byte_labels.npy", to: "a_labels.npy")
    #expect(try openSource(at: folder.path + "/a.npy").label(of: 4) == 4)
  }

  @Test func identityKnowsContentAndLabels() throws {
    let folder = try ScratchFolder()
    try folder.copyFixture("array_last.npy", to: "a.npy")
    let plain = try openSource(at: folder.path + "/a.npy").identity()
    try folder.copyFixture("array_byte_labels.npy", to: "a_labels.npy")
    let labelled = try openSource(at: folder.path + "/a.npy").identity()
    var content = Array(try Fixture.data("array_last.npy"))
    content[content.count - 1] ^= 1
    try folder.write(content, to: "a.npy")
    let changed = try openSource(at: folder.path + "/a.npy").identity()
    #expect(Set([plain, labelled, changed].map(\.hash)).count == 3)
    #expect(plain.count == 5)
  }

  /// A folder of arrays of one image each is a folder of images.
  @Test func aFolderOfArrays() throws {
    let folder = try ScratchFolder()
    for index in 0..<3 {
      let header = "{'descr': '<u2', 'fortran_order': False, 'shape': (2, 2, 5), }"
      let text = Array(header.utf8) + Array(repeating: 32, count: 117 - header.utf8.count) + [10]
      let numbers = (0..<20).flatMap { [UInt8($0), UInt8(index)] }
      try folder.write(
        [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.count), 0] + text + numbers, to: "\(index).npy")
    }
    let source = try openSource(at: folder.path, options: DecodingOptions(channels: 5))
    #expect(source is FolderSource && source.count == 3)
    let image = try source.image(at: 2)
    #expect(image.channels == 5 && image.samples == .uint16((0..<20).map { UInt16($0) + 512 }))
  }
}
