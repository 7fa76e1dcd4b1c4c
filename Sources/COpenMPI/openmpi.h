#pragma once
#include <mpi.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* MPI's handles are macros with casts, which Swift cannot import: each gets a function of the same name in
   lower camel case. */
static inline MPI_Comm mpiCommWorld(void) { return MPI_COMM_WORLD; }
static inline MPI_Datatype mpiByte(void) { return MPI_BYTE; }
static inline MPI_Datatype mpiFloat(void) { return MPI_FLOAT; }
static inline MPI_Datatype mpiInt64(void) { return MPI_INT64_T; }
static inline MPI_Op mpiSum(void) { return MPI_SUM; }
static inline MPI_Errhandler mpiErrorsReturn(void) { return MPI_ERRORS_RETURN; }
static inline MPI_Request mpiRequestNull(void) { return MPI_REQUEST_NULL; }
static inline void *mpiInPlace(void) { return MPI_IN_PLACE; }

/* Whether this process may use the system call by which Open MPI's ranks on one host copy from each other's memory
   (glibc declares it only for _GNU_SOURCE, which a header that Swift imports cannot set). */
static inline int mayReadProcessMemory(void) {
  char source = 1;
  char copy = 0;
  struct iovec from = {&source, 1};
  struct iovec to = {&copy, 1};
  return syscall(SYS_process_vm_readv, getpid(), &to, 1UL, &from, 1UL, 0UL) == 1;
}
