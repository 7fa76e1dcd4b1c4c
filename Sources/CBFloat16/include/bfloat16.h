#pragma once
#include <stdint.h>
#include <string.h>

/* Sixteen floats: SIMD16<Float> in Swift. */
typedef float Lanes16 __attribute__((ext_vector_type(16)));

/* Swift's own conversions between vectors of integers of different widths are calls unless everything around them is
   specialised; these two are always a handful of instructions. */

/* The sixteen bfloat16 numbers at address. */
static inline __attribute__((always_inline)) Lanes16 bfloat16Load(const void *address) {
  typedef uint16_t Halves __attribute__((ext_vector_type(16)));
  typedef uint32_t Words __attribute__((ext_vector_type(16)));
  Halves halves;
  memcpy(&halves, address, sizeof halves);
  Words bits = __builtin_convertvector(halves, Words) << 16;
  Lanes16 lanes;
  memcpy(&lanes, &bits, sizeof lanes);
  return lanes;
}

/* Rounds lanes to the nearest bfloat16 numbers, the even ones of two that are equally near, and writes them to address. */
static inline __attribute__((always_inline)) void bfloat16Store(Lanes16 lanes, void *address) {
  typedef uint16_t Halves __attribute__((ext_vector_type(16)));
  typedef uint32_t Words __attribute__((ext_vector_type(16)));
  Words bits;
  memcpy(&bits, &lanes, sizeof bits);
  bits += 0x7FFFu + ((bits >> 16) & 1u);
  Halves halves = __builtin_convertvector(bits >> 16, Halves);
  memcpy(address, &halves, sizeof halves);
}
