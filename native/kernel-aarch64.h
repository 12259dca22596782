// aarch64: the raw system call, and the entry point that hands the initial stack to start().

static inline i64 raw_syscall(u64 number, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f) {
  register u64 x8 __asm__("x8") = number;
  register u64 x0 __asm__("x0") = a;
  register u64 x1 __asm__("x1") = b;
  register u64 x2 __asm__("x2") = c;
  register u64 x3 __asm__("x3") = d;
  register u64 x4 __asm__("x4") = e;
  register u64 x5 __asm__("x5") = f;
  __asm__ volatile("svc #0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                   : "memory");
  return (i64)x0;
}

// A handler of a signal returns to code of the kernel's.
enum { KERNEL_SA_RESTORER = 0 };
__attribute__((unused)) static void return_from_signal(void) {}

#define ENTRY_POINT                \
  __asm__(".globl _start\n"        \
          "_start:\n"              \
          "  mov x29, xzr\n"       \
          "  mov x0, sp\n"         \
          "  bl start\n"           \
          "  brk #0\n")

enum { KERNEL_O_NOFOLLOW = 0100000 };
