#include "oom-watch.h"
#include "oom-kills.h"

static struct {
  const char *path;
  i32 fd;
  u32 kills;
  int is_counted_above;
  i64 kills_above;  // when it was looked at, or an error
  i64 looked_at;
  i64 begun_at;
  i64 due;
} watched;

// Where the file's name begins, and where that of its folder does: the last two of the path.
static void find_names(const char *path, u32 *folder, u32 *name) {
  *folder = *name = 0;
  for (u32 i = 0; path[i] != 0; i++) {
    if (path[i] != '/') continue;
    *folder = *name;
    *name = i + 1;
  }
}

static int is_v2(const char *path) {
  static const char NAME[] = "memory.events";
  u32 folder, name, i = 0;
  find_names(path, &folder, &name);
  while (NAME[i] != 0 && path[name + i] == NAME[i]) i++;
  return NAME[i] == 0 && path[name + i] == 0;
}

// Of the cgroup above.
static i64 count_above(void) {
  enum { LONGEST = 1024 };
  static char above[LONGEST];
  u32 folder, name, size = 0;
  find_names(watched.path, &folder, &name);
  while (size < folder && size < LONGEST) {
    above[size] = watched.path[size];
    size++;
  }
  for (u32 i = name; size < LONGEST; i++) {
    above[size++] = watched.path[i];
    if (watched.path[i] == 0) return count_oom_kills(above);
  }
  return -1;
}

static void try_open(i64 now_ms) {
  enum { STEP_MS = 20, STEPS_A_DOUBLING = 8, PATIENCE_MS = 10000 };
  i64 fd = open_oom_kills(watched.path);
  i64 waited = now_ms - watched.begun_at;
  if (!is_error(fd)) watched.fd = (i32)fd;
  int waits = is_error(fd) && waited < PATIENCE_MS;
  watched.due = waits ? now_ms + STEP_MS + waited / STEPS_A_DOUBLING : NEVER;
}

// The one above first: what happens meanwhile is in this one's count.
i32 oom_look(i64 now_ms) {
  i64 above = count_above();
  if (watched.fd == NO_FD) try_open(now_ms);
  if (watched.fd == NO_FD) return NO_FD;
  i64 kills = read_oom_kills(watched.fd);
  if (kills < 0) {
    syscall(__NR_close, watched.fd);
    watched.fd = NO_FD;
    return NO_FD;
  }
  watched.kills = (u32)kills;
  watched.kills_above = above;
  watched.looked_at = now_ms;
  return watched.fd;
}

i32 oom_watch(const char *path, i64 now_ms) {
  watched.path = path;
  watched.fd = NO_FD;
  watched.kills_above = -1;
  watched.due = NEVER;
  if (path == 0 || !is_v2(path)) return NO_FD;
  watched.kills_above = count_above();
  watched.looked_at = watched.begun_at = now_ms;
  return oom_look(now_ms);
}

i64 oom_due(void) { return watched.due; }

void oom_last_look(i64 now_ms) {
  enum { FRESH_MS = 1000 };
  watched.due = NEVER;
  if (watched.path == 0) return;
  i64 kills = count_oom_kills(watched.path);
  if (kills >= 0)
    watched.kills = (u32)kills;
  else if (watched.kills_above >= 0 && now_ms - watched.looked_at <= FRESH_MS)
    watched.is_counted_above = count_above() > watched.kills_above;
}

u32 oom_kills(int is_killed) { return watched.kills + (is_killed && watched.is_counted_above); }
