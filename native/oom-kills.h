// Kills for want of memory, as a cgroup counts them: memory.events (v2), memory.oom_control (v1).
#ifndef OCICAT_OOM_KILLS_H
#define OCICAT_OOM_KILLS_H

#include "kernel.h"

// `path`: of the file that counts. A descriptor, or -errno.
i64 open_oom_kills(const char *path);

// By now. Negative: it can't be read; a count that is there is never empty.
i64 read_oom_kills(i64 fd);

// Both.
i64 count_oom_kills(const char *path);

#endif
