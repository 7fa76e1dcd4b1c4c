#pragma once
#include <dnnl.h>
#include <stdint.h>

/* A product of bfloat16 matrices with sums in single precision, row-major, arguments as dnnl_sgemm's. The library exports
   it, but its header does not declare it. dnnl_unimplemented on a CPU without AVX-512. */
dnnl_status_t dnnl_gemm_bf16bf16f32(
    char transa, char transb, dnnl_dim_t m, dnnl_dim_t n, dnnl_dim_t k, float alpha, const uint16_t *a, dnnl_dim_t lda,
    const uint16_t *b, dnnl_dim_t ldb, float beta, float *c, dnnl_dim_t ldc);

/* Of OpenMP, which the library runs on: how many threads a call from this thread uses. */
void omp_set_num_threads(int count);
