#define _GNU_SOURCE
#include "memory_probe.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

// A sanitizer puts functions of its own in the place of these: a program that is built with one counts nothing, and says so
// where it is asked to.
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define COUNTS_MEMORY 0
#else
#define COUNTS_MEMORY 1
#endif

// The C library's own, under the names that it exports for programs that replace the usual ones.
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

enum { REMEMBERED = 4096, DEPTH = 64 };

static struct {
  void *frames[DEPTH];
  int depth;
} allocations[REMEMBERED];
static atomic_size_t count;
static atomic_bool is_counting;
static _Thread_local bool is_ignored;

#if COUNTS_MEMORY

// Frame 0 of the remembered stack is this function, frame 1 the allocating function.
__attribute__((noinline)) static void note(void) {
  if (!atomic_load(&is_counting) || is_ignored) return;
  is_ignored = true;
  size_t index = atomic_fetch_add(&count, 1);
  if (index < REMEMBERED) allocations[index].depth = backtrace(allocations[index].frames, DEPTH);
  is_ignored = false;
}

void *malloc(size_t size) {
  note();
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  note();
  return __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size) {
  note();
  return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
  note();
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  note();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
  note();
  *memory = __libc_memalign(alignment, size);
  return *memory ? 0 : ENOMEM;
}

// Memory straight from the system. The C library's own calls, for a large `malloc`, do not come here.
void *mmap(void *address, size_t size, int protection, int flags, int file, off_t offset) {
  note();
  return (void *)syscall(SYS_mmap, address, size, protection, flags, file, offset);
}

#endif

void memory_probe_begin(void) {
  if (!COUNTS_MEMORY) {
    fputs("memory cannot be counted in a program that is built with a sanitizer\n", stderr);
    exit(1);
  }
  // The first one loads a library.
  void *frame;
  backtrace(&frame, 1);
  atomic_store(&count, 0);
  atomic_store(&is_counting, true);
}

size_t memory_probe_end(void) {
  atomic_store(&is_counting, false);
  return atomic_load(&count);
}

void memory_probe_ignore_thread(void) { is_ignored = true; }

void memory_probe_use_small_pages(void) { prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); }

// MARK: - Whose an allocation is

static Dl_info object(const void *address) {
  Dl_info info;
  if (!dladdr(address, &info)) memset(&info, 0, sizeof info);
  return info;
}

static bool is_in_program(const void *address) {
  return object(address).dli_fbase == object((const void *)memory_probe_begin).dli_fbase;
}

static const char *name(const void *address) {
  const char *path = object(address).dli_fname;
  if (!path) return "unknown";
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

// The innermost frame of the program, its depth where there is none.
static int program_frame(size_t index) {
  int frame = 2;
  while (frame < allocations[index].depth && !is_in_program(allocations[index].frames[frame])) frame++;
  return frame;
}

const char *memory_probe_owner(size_t index) {
  if (index >= REMEMBERED || index >= atomic_load(&count)) return NULL;
  void **frames = allocations[index].frames;
  int frame = program_frame(index);
  if (frame == 2) return name(frames[2]);
  // A thread that a library started begins in the C library.
  if (frame == allocations[index].depth) {
    while (frame > 3 && strncmp(name(frames[frame - 1]), "libc.", 5) == 0) frame--;
  }
  return name(frames[frame - 1]);
}

size_t memory_probe_offset(size_t index) {
  if (index >= REMEMBERED || index >= atomic_load(&count)) return 0;
  int frame = program_frame(index);
  if (frame == allocations[index].depth) return 0;
  const char *address = allocations[index].frames[frame];
  return address - (const char *)object(address).dli_fbase;
}
