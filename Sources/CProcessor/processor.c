#define _GNU_SOURCE
#include "processor.h"

#include <sched.h>
#include <stddef.h>
#include <unistd.h>

int processor_may_run_on(int core) {
  cpu_set_t cores;
  if (core >= CPU_SETSIZE) return 0;
  if (sched_getaffinity(0, sizeof cores, &cores) == 0) return CPU_ISSET(core, &cores) != 0;
  return core < sysconf(_SC_NPROCESSORS_ONLN);
}

#if defined(__x86_64__)
const char *processor_lacks(unsigned features) {
  __builtin_cpu_init();
  if ((features & PROCESSOR_SSE42) && !__builtin_cpu_supports("sse4.2")) return "SSE4.2";
  if ((features & PROCESSOR_AVX) && !__builtin_cpu_supports("avx")) return "AVX";
  if ((features & PROCESSOR_AVX2) && !__builtin_cpu_supports("avx2")) return "AVX2";
  if ((features & PROCESSOR_FMA) && !__builtin_cpu_supports("fma")) return "FMA";
  if ((features & PROCESSOR_BMI2) && !__builtin_cpu_supports("bmi2")) return "BMI2";
  if ((features & PROCESSOR_AVX512F) && !__builtin_cpu_supports("avx512f")) return "AVX-512F";
  if ((features & PROCESSOR_AVX512BW) && !__builtin_cpu_supports("avx512bw")) return "AVX-512BW";
  if ((features & PROCESSOR_AVX512VL) && !__builtin_cpu_supports("avx512vl")) return "AVX-512VL";
  if ((features & PROCESSOR_AVX512VNNI) && !__builtin_cpu_supports("avx512vnni")) return "AVX512-VNNI";
  if ((features & PROCESSOR_AVX512DQ) && !__builtin_cpu_supports("avx512dq")) return "AVX-512DQ";
  if ((features & PROCESSOR_AVX512BF16) && !__builtin_cpu_supports("avx512bf16")) return "AVX512-BF16";
  if ((features & PROCESSOR_AVX512FP16) && !__builtin_cpu_supports("avx512fp16")) return "AVX512-FP16";
  return NULL;
}
#else
const char *processor_lacks(unsigned features) {
  return features ? "x86-64" : NULL;
}
#endif
