#pragma once
#include <stdint.h>
#include <string.h>

/* Eight floats: SIMD8<Float> in Swift. */
typedef float Lanes8 __attribute__((ext_vector_type(8)));

/* Writes the columns of the 8 x 8 matrix of these rows, stride floats apart, from the first to the last.

   Swift's vectors have no shuffles; put together lane by lane, the compiler makes twice as many instructions of them. */
static inline __attribute__((always_inline)) void storeTransposed(
    Lanes8 r0, Lanes8 r1, Lanes8 r2, Lanes8 r3, Lanes8 r4, Lanes8 r5, Lanes8 r6, Lanes8 r7, float *target,
    intptr_t stride) {
  /* Pairs of rows, then fours, within each half of a register; then the halves. */
#define LOW_PAIRS(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13)
#define HIGH_PAIRS(a, b) __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15)
#define FIRST(a, b) __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13)
#define SECOND(a, b) __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15)
#define LOW(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11)
#define HIGH(a, b) __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15)
  Lanes8 a0 = LOW_PAIRS(r0, r1), a1 = HIGH_PAIRS(r0, r1), a2 = LOW_PAIRS(r2, r3), a3 = HIGH_PAIRS(r2, r3);
  Lanes8 a4 = LOW_PAIRS(r4, r5), a5 = HIGH_PAIRS(r4, r5), a6 = LOW_PAIRS(r6, r7), a7 = HIGH_PAIRS(r6, r7);
  Lanes8 b0 = FIRST(a0, a2), b1 = SECOND(a0, a2), b2 = FIRST(a1, a3), b3 = SECOND(a1, a3);
  Lanes8 b4 = FIRST(a4, a6), b5 = SECOND(a4, a6), b6 = FIRST(a5, a7), b7 = SECOND(a5, a7);
  Lanes8 columns[8] = {LOW(b0, b4),  LOW(b1, b5),  LOW(b2, b6),  LOW(b3, b7),
                       HIGH(b0, b4), HIGH(b1, b5), HIGH(b2, b6), HIGH(b3, b7)};
  for (int column = 0; column < 8; column++) memcpy(target + column * stride, &columns[column], sizeof columns[column]);
#undef LOW_PAIRS
#undef HIGH_PAIRS
#undef FIRST
#undef SECOND
#undef LOW
#undef HIGH
}
