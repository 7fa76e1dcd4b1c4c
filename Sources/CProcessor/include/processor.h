#pragma once

/// Instruction sets beyond x86-64's first that code may have been built for, as the bits of a mask.
enum {
  PROCESSOR_AVX2 = 1 << 0,
  PROCESSOR_FMA = 1 << 1,
  PROCESSOR_BMI2 = 1 << 2,
  PROCESSOR_AVX512F = 1 << 3,
  PROCESSOR_AVX512BW = 1 << 4,
  PROCESSOR_AVX512VL = 1 << 5,
  PROCESSOR_AVX512VNNI = 1 << 6,
  PROCESSOR_AVX512BF16 = 1 << 7,
  PROCESSOR_AVX512DQ = 1 << 8,
  PROCESSOR_AVX512FP16 = 1 << 9,
  PROCESSOR_AVX = 1 << 10,
  PROCESSOR_SSE42 = 1 << 11,
};

/// Those of them that whoever reads this header is built for. It is evaluated where it is included: a Swift module
/// reads its own flags here.
enum {
  PROCESSOR_BUILT_FOR = 0
#ifdef __SSE4_2__
                        | PROCESSOR_SSE42
#endif
#ifdef __AVX__
                        | PROCESSOR_AVX
#endif
#ifdef __AVX512DQ__
                        | PROCESSOR_AVX512DQ
#endif
#ifdef __AVX512FP16__
                        | PROCESSOR_AVX512FP16
#endif
#ifdef __AVX2__
                        | PROCESSOR_AVX2
#endif
#ifdef __FMA__
                        | PROCESSOR_FMA
#endif
#ifdef __BMI2__
                        | PROCESSOR_BMI2
#endif
#ifdef __AVX512F__
                        | PROCESSOR_AVX512F
#endif
#ifdef __AVX512BW__
                        | PROCESSOR_AVX512BW
#endif
#ifdef __AVX512VL__
                        | PROCESSOR_AVX512VL
#endif
#ifdef __AVX512VNNI__
                        | PROCESSOR_AVX512VNNI
#endif
#ifdef __AVX512BF16__
                        | PROCESSOR_AVX512BF16
#endif
};

/// The name of the first of `features` that this CPU lacks; null where it has all of them. Built for any x86-64.
const char *processor_lacks(unsigned features);

/// Whether this process may run on a core, counted from 0; beyond the last one, no.
int processor_may_run_on(int core);

/// Brings the cache line of address in, to be written soon. The address need not be anyone's.
static inline __attribute__((always_inline)) void processor_prefetch_to_write(const void *address) {
  __builtin_prefetch(address, 1, 3);
}
