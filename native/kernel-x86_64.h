// x86-64: the raw system call, and the entry point that hands the initial stack to start().

static inline i64 raw_syscall(u64 number, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f) {
  register u64 r10 __asm__("r10") = d;
  register u64 r8 __asm__("r8") = e;
  register u64 r9 __asm__("r9") = f;
  i64 result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

// What a handler of a signal returns to: rt_sigreturn.
enum { KERNEL_SA_RESTORER = 0x04000000 };
__attribute__((naked, unused)) static void return_from_signal(void) {
  __asm__("mov $15, %eax\n"
          "syscall");
}

#define ENTRY_POINT                \
  __asm__(".globl _start\n"        \
          "_start:\n"              \
          "  xor %ebp, %ebp\n"     \
          "  mov %rsp, %rdi\n"     \
          "  and $-16, %rsp\n"     \
          "  call start\n"         \
          "  hlt\n")

enum { KERNEL_O_NOFOLLOW = 0400000 };
