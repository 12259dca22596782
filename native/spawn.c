#include "spawn.h"

// The child uses this function's stack, too, and never returns from it.
__attribute__((noinline)) i64 spawn_child(struct spawned_call *calls, i64 count, u64 flags) {
  i64 pid = syscall(__NR_clone, flags, 0, 0, 0, 0);
  if (pid != 0) return pid;
  for (struct spawned_call *call = calls; count > 0; call++, count--) {
    const u64 *a = call->arguments;
    call->result = (u64)syscall(call->number, a[0], a[1], a[2], a[3], a[4], a[5]);
  }
  exit_process(127);
}
