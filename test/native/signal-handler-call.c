// Catches a signal as src/sys/signal-catcher.ts does, sends it twice, prints what the handler wrote, restores what
// was and sends it once more:
//
//   signal-handler-call SIGNAL

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../native/signals.c"

int main(int argc, char **argv) {
  static struct Action before[SIGNALS];
  if (argc != 2) return 99;
  int ends[2], number = atoi(argv[1]), written;
  u64 wanted = 1ull << (number - 1);
  if (pipe(ends)) return 99;
  if (catch_signals(wanted, ends[1], before) != 0) return 98;
  for (int i = 0; i < 2; i++) {
    syscall(__NR_kill, syscall(__NR_getpid), number);
    if (read(ends[0], &written, sizeof written) != sizeof written) return 97;
    printf("%d\n", written);
  }
  fflush(stdout);
  restore_signals(wanted, before);
  syscall(__NR_kill, syscall(__NR_getpid), number);
  return 0;
}
