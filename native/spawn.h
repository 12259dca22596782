// A child process that starts with a list of system calls, while its parent's thread stands still.
#ifndef OCICAT_SPAWN_H
#define OCICAT_SPAWN_H

#include "kernel.h"

// Words 1 to 6 are the arguments; the child writes the result, so the caller sees its errno.
struct spawned_call {
  u64 number, arguments[6], result;
};

// clone(flags | CLONE_VM | CLONE_VFORK): the child executes the calls, one after the other. The
// last is an execve; should all of them return, the child exits with 127. Its pid, or -errno.
i64 spawn_child(struct spawned_call *calls, i64 count, u64 flags);

#endif
