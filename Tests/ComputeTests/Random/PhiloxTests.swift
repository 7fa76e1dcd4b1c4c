import Compute
import Testing

@Suite struct PhiloxTests {
  struct KnownAnswer: Sendable {
    let counter: SIMD4<UInt32>
    let key: SIMD2<UInt32>
    let block: SIMD4<UInt32>
  }

  /// The three lines of `philox4x32 10` in Random123's kat_vectors (https://github.com/DEShawResearch/random123).
  static let published = [
    KnownAnswer(
      counter: SIMD4(repeating: 0), key: SIMD2(repeating: 0),
      block: SIMD4(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8)),
    KnownAnswer(
      counter: SIMD4(repeating: .max), key: SIMD2(repeating: .max),
      block: SIMD4(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD)),
    KnownAnswer(
      counter: SIMD4(0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344), key: SIMD2(0xA409_3822, 0x299F_31D0),
      block: SIMD4(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1)),
  ]

  @Test(arguments: published) func publishedVectors(_ answer: KnownAnswer) {
    #expect(Philox4x32(key: answer.key).block(at: answer.counter) == answer.block)
  }

  /// A stream's words are the blocks of counters 0, 1, 2, …, in order, under the seed as key.
  @Test func streamIsTheSequenceOfBlocks() {
    let seed: UInt64 = 0x0123_4567_89AB_CDEF
    let sample = 0x00AB_CDEF_0123_4567
    var stream = RandomStream(seed: seed, purpose: .mask, epoch: 77, sample: sample)
    let generator = Philox4x32(key: SIMD2(0x89AB_CDEF, 0x0123_4567))
    for index in 0..<5 as Range<UInt32> {
      let block = generator.block(at: SIMD4(index, 0x0123_4567, 77, 0x05AB_CDEF))
      for lane in 0..<4 { #expect(stream.nextWord() == block[lane]) }
    }
  }
}
