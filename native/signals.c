#include "signals.h"

enum { SIG_IGN = 1, SET_BYTES = 8, SA_RESTART = 0x10000000 };

static volatile i32 write_to = NO_FD;

// Whoever reads is slower than whoever sends, or gone: there is nothing to do about it here.
static void handle(i32 signal) { syscall(__NR_write, write_to, &signal, sizeof signal); }

static i64 change(i32 signal, const struct Action *to, struct Action *from) {
  return syscall(__NR_rt_sigaction, signal, to, from, SET_BYTES);
}

static int is_wanted(u64 wanted, i32 signal) { return wanted >> (signal - 1) & 1; }

i64 catch_signals(u64 wanted, i64 fd, struct Action before[SIGNALS]) {
  const struct Action ours = {
      .handler = (u64)handle,
      .flags = KERNEL_SA_RESTORER | SA_RESTART,
      .restorer = (u64)return_from_signal,
      .mask = ~0ull,
  };
  before[0].handler = (u64)write_to;
  write_to = (i32)fd;
  for (i32 signal = 1; signal < SIGNALS; signal++) {
    if (!is_wanted(wanted, signal)) continue;
    i64 result = change(signal, NULL, &before[signal]);
    int is_left = is_error(result) || before[signal].handler == SIG_IGN;
    if (!is_left) result = change(signal, &ours, NULL);
    if (is_error(result)) return result;
  }
  return 0;
}

void restore_signals(u64 wanted, const struct Action before[SIGNALS]) {
  for (i32 signal = 1; signal < SIGNALS; signal++)
    if (is_wanted(wanted, signal) && before[signal].handler != SIG_IGN)
      change(signal, &before[signal], NULL);
  write_to = (i32)before[0].handler;
}
