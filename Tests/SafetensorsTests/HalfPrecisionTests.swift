import Safetensors
import Testing

@Suite struct HalfPrecisionTests {
  @Test("all 65,536 bfloat16 values survive the way there and back")
  func bfloat16RoundTrip() {
    for bits in UInt16.min...UInt16.max {
      let value = float(bfloat16: bits)
      if value.isNaN {
        #expect(bfloat16(value) == bits | 0x40)
      } else {
        #expect(bfloat16(value) == bits)
      }
    }
  }

  @Test("rounding is to the nearest, ties to the even one, and a NaN stays a NaN")
  func rounding() {
    for bits: UInt32 in [0x0000_0000, 0x3F80_0000, 0x3F81_0000, 0xC049_0000, 0x0001_0000, 0x7F7E_0000] {
      let (down, up) = (UInt16(bits >> 16), UInt16(bits >> 16) + 1)
      #expect(bfloat16(Float(bitPattern: bits | 0x7FFF)) == down)
      #expect(bfloat16(Float(bitPattern: bits | 0x8000)) == (down & 1 == 0 ? down : up))
      #expect(bfloat16(Float(bitPattern: bits | 0x8001)) == up)
    }
    #expect(bfloat16(.greatestFiniteMagnitude) == 0x7F80)
    #expect(float(bfloat16: bfloat16(Float(bitPattern: 0x7F80_0001))).isNaN)
    #expect(float(bfloat16: bfloat16(Float(bitPattern: 0xFFFF_FFFF))).isNaN)
  }

  @Test("all 65,536 binary16 values, by the definition of the format")
  func float16() {
    for bits in UInt16.min...UInt16.max {
      let sign: Double = bits >> 15 == 0 ? 1 : -1
      let exponent = Int(bits >> 10 & 31)
      let fraction = Double(bits & 1023) / 1024
      let value = float(float16: bits)
      if exponent == 31 {
        #expect(fraction == 0 ? Double(value) == sign * .infinity : value.isNaN)
      } else {
        let significand = exponent == 0 ? fraction : 1 + fraction
        let power = Double(sign: .plus, exponent: max(exponent, 1) - 15, significand: 1)
        #expect(Double(value) == sign * significand * power)
        #expect((value.sign == .minus) == (bits >> 15 == 1))
      }
    }
  }
}
