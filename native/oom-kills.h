// Kills for want of memory, as a cgroup counts them.
#ifndef OCICAT_OOM_KILLS_H
#define OCICAT_OOM_KILLS_H

#include "kernel.h"

// How many processes the kernel has ended for want of memory, as memory.events (v2) or
// memory.oom_control (v1) tells; 0 where there is no such file.
u32 count_oom_kills(const char *path);

#endif
