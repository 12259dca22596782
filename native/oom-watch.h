// How many processes of a container the kernel has ended for want of memory, by its end.
//
// A systemd removes the cgroup of a scope, and its count, as soon as the cgroup is empty: often
// before anybody has seen that init has ended. On v2 the count of the cgroup above has those of all
// below it, and stays.
#ifndef OCICAT_OOM_WATCH_H
#define OCICAT_OOM_WATCH_H

#include "kernel.h"

// `path`: of the file that counts, which stays the caller's; 0: there is none. It may be made
// later: a scope is made around init. Returns a descriptor that has POLLPRI when it is to be looked
// at, or NO_FD.
i32 oom_watch(const char *path, i64 now_ms);

// Returns the descriptor, or NO_FD where the cgroup is not there.
i32 oom_look(i64 now_ms);

// When it is to be looked at in any case, or NEVER.
i64 oom_due(void);

// When init has ended.
void oom_last_look(i64 now_ms);

// How many there were; 0 where nobody counts. `is_killed`: init has ended by SIGKILL. If so, and
// its cgroup was gone by the last look, a kill that the cgroup above has counted since the look
// before, within a second, was init's.
u32 oom_kills(int is_killed);

#endif
