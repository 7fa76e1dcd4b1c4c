import Compute
import Testing

@Suite struct BFloat16Tests {
  @Test func everyBFloat16SurvivesTheWayThroughFloat() {
    for bits in UInt16.min...UInt16.max {
      let value = BFloat16(bitPattern: bits)
      if value.float.isNaN {
        #expect(BFloat16(value.float).float.isNaN)
      } else {
        #expect(BFloat16(value.float) == value)
      }
    }
  }

  @Test func whatLiesBetweenGoesToTheNearestAndFromTheMiddleToTheEvenOne() {
    // Around 1 the spacing is 2⁻⁷.
    #expect(BFloat16(1 + 0x1p-8).float == 1)
    #expect(BFloat16((1 + 0x1p-8).nextUp).float == 1 + 0x1p-7)
    #expect(BFloat16(1 + 0x3p-8).float == 1 + 0x2p-7)
    #expect(BFloat16((1 + 0x3p-8).nextDown).float == 1 + 0x1p-7)
    #expect(BFloat16(-1 - 0x1p-8).float == -1)
    #expect(BFloat16(.greatestFiniteMagnitude).float == .infinity)
    #expect(BFloat16(Float(bitPattern: 0x7F80_0001)).float.isNaN)
  }
}
