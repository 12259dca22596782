// Signals as something to read, whatever threads the process has, real-time signals included: a
// handler writes each signal's number, four bytes, into a pipe, on whichever thread it comes.
#ifndef OCICAT_SIGNALS_H
#define OCICAT_SIGNALS_H

#include "kernel.h"

enum { SIGNALS = 65 };

// struct sigaction of the kernel.
struct Action {
  u64 handler, flags, restorer, mask;
};

// `wanted`: signal N is bit N - 1. What is ignored stays so. `before` is for restore_signals; its
// element 0, which no signal has, keeps the descriptor that was. 0, or -errno.
i64 catch_signals(u64 wanted, i64 fd, struct Action before[SIGNALS]);
void restore_signals(u64 wanted, const struct Action before[SIGNALS]);

#endif
