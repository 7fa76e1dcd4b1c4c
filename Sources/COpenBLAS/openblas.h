#pragma once
#include <cblas.h>

// The library is opened while the program runs, so its functions are pointers; their types are the header's.
typedef __typeof__(&cblas_sgemm) openblas_sgemm_function;
typedef __typeof__(&openblas_set_num_threads) openblas_set_num_threads_function;
typedef __typeof__(&openblas_get_corename) openblas_get_corename_function;
