#pragma once

#include <stddef.h>

// A program that links this has the C library's allocating functions replaced by ones that count and pass on.

/// From now on allocations of all threads are counted, except of those that have called `memory_probe_ignore_thread`.
void memory_probe_begin(void);

/// Counts no more, and returns how many there were since `memory_probe_begin`.
size_t memory_probe_end(void);

/// Whatever the calling thread allocates is not counted.
void memory_probe_ignore_thread(void);

/// The file name of the library that the program called and that then made the allocation `index`, or of the program
/// itself; in a thread that a library started, that library's. Null beyond what is remembered.
const char *memory_probe_owner(size_t index);

/// Where in the program's file the call was made that led to the allocation `index`: for `addr2line` and `nm`.
size_t memory_probe_offset(size_t index);

/// No memory of this process comes in huge pages from now on: each page of 4096 bytes is a fault of its own.
void memory_probe_use_small_pages(void);
