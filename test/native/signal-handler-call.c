// Installs the machine code of src/sys/signal-catcher.ts as the handler of a signal, sends it twice,
// and prints what the handler wrote:
//
//   signal-handler-call HEXADECIMAL_CODE SIGNAL

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../native/kernel.h"

enum { CODE_BYTES = 64, RETURN_OFFSET = 48, FD_OFFSET = 60, SA_RESTORER = 0x04000000 };

static u8 *map_code(const char *text, int fd) {
  u8 *code = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (size_t i = 0; i < strlen(text) / 2 && i < CODE_BYTES; i++) {
    char digits[3] = {text[2 * i], text[2 * i + 1], 0};
    code[i] = (u8)strtoul(digits, 0, 16);
  }
  memcpy(code + FD_OFFSET, &fd, sizeof fd);
  mprotect(code, 4096, PROT_READ | PROT_EXEC);
  return code;
}

int main(int argc, char **argv) {
  if (argc != 3) return 99;
  int ends[2], number = atoi(argv[2]), written;
  if (pipe(ends)) return 99;
  u8 *code = map_code(argv[1], ends[1]);
  u64 action[4] = {(u64)code, SA_RESTORER, (u64)(code + RETURN_OFFSET), ~0ull};
  if (syscall(__NR_rt_sigaction, number, action, 0, 8) != 0) return 98;
  for (int i = 0; i < 2; i++) {
    syscall(__NR_kill, syscall(__NR_getpid), number);
    if (read(ends[0], &written, sizeof written) != sizeof written) return 97;
    printf("%d\n", written);
  }
  return 0;
}
