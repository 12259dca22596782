// The kernel's interface for the programs in this folder: no C library, and one raw system call.
// What differs between processors is in kernel-x86_64.h and kernel-aarch64.h.
#ifndef OCICAT_KERNEL_H
#define OCICAT_KERNEL_H

#include <asm/unistd.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t i32;
typedef int64_t i64;

#if defined(__x86_64__)
#include "kernel-x86_64.h"
#elif defined(__aarch64__)
#include "kernel-aarch64.h"
#else
#error "ocicat knows x86-64 and aarch64"
#endif

// syscall(NUMBER, up to six arguments): the result, or -errno.
#define syscall(number, ...) syscall_padded(number, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define syscall_padded(number, a, b, c, d, e, f, ...) \
  raw_syscall((u64)(number), (u64)(a), (u64)(b), (u64)(c), (u64)(d), (u64)(e), (u64)(f))

enum { ERRNO_LIMIT = 4096, NO_FD = -1 };

// A time in milliseconds that does not come.
static const i64 NEVER = INT64_MAX;

static inline int is_error(i64 result) { return result < 0 && result > -ERRNO_LIMIT; }

_Noreturn static inline void exit_process(int status) {
  for (;;) syscall(__NR_exit_group, status);
}

#endif
