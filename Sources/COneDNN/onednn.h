#pragma once
#include <dnnl.h>
#include <stdint.h>

// The library is opened while the program runs, so its functions are pointers; where its header declares them, their types
// are the header's.

/* dnnl_gemm_bf16bf16f32: a product of bfloat16 matrices with sums in single precision, row-major, arguments as
   dnnl_sgemm's. The library exports it, but its header does not declare it. dnnl_unimplemented on a CPU without AVX-512. */
typedef dnnl_status_t (*onednn_gemm_function)(
    char transa, char transb, dnnl_dim_t m, dnnl_dim_t n, dnnl_dim_t k, float alpha, const uint16_t *a, dnnl_dim_t lda,
    const uint16_t *b, dnnl_dim_t ldb, float beta, float *c, dnnl_dim_t ldc);
typedef __typeof__(&dnnl_get_effective_cpu_isa) onednn_get_effective_cpu_isa_function;

/* omp_set_num_threads of OpenMP, which the library runs on: how many threads a call from this thread uses. */
typedef void (*openmp_set_num_threads_function)(int count);
