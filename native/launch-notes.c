#include "launch-notes.h"

enum { NOTES_LIMIT = 4096, PATH_LIMIT = 4096, ROOM_FOR_THE_REST = 64, AT_FDCWD = -100 };
enum { F_GETFD = 1, O_RDWR = 2, O_CLOEXEC = 02000000, O_PATH = 010000000 };

static char notes[NOTES_LIMIT];
static u32 noted;

void note(const char *text) {
  while (*text != 0 && noted < NOTES_LIMIT - 1) notes[noted++] = *text++;
}

void note_number(const char *before, u64 value, u32 base) {
  char digits[21] = {0}, *first = digits + 20;
  do *--first = "0123456789abcdef"[value % base];
  while ((value /= base) > 0);
  note(before), note(first);
}

void begin_notes(void) { noted = 0; }

void show_notes(void) { syscall(__NR_write, 2, notes, noted); }

static void note_limits(void) {
  enum { RLIMIT_NOFILE = 7 };
  u64 limit[2] = {0, 0};
  syscall(__NR_prlimit64, 0, RLIMIT_NOFILE, 0, limit);
  note_number("OCICAT_LAUNCH=v2;nofile=", limit[0], 10), note_number(":", limit[1], 10);
}

// Where it is ignored nobody is told of a child's end.
static void stop_ignoring_children(void) {
  enum { SIGCHLD = 17, SET_BYTES = 8 };
  const u64 standard[4] = {0};
  syscall(__NR_rt_sigaction, SIGCHLD, standard, 0, SET_BYTES);
}

static void note_and_open_closed(void) {
  const char *before = ";closed=";
  for (u32 fd = 0; fd < 3; fd++) {
    if (!is_error(syscall(__NR_fcntl, fd, F_GETFD))) continue;
    syscall(__NR_openat, AT_FDCWD, "/dev/null", O_RDWR);
    note_number(before, fd, 10), before = ",";
  }
}

static void note_descriptors(void) {
  enum { RECORD_LENGTH_AT = 16, NAME_AT = 19 };
  const char *before = ";fds=";
  u8 entries[2048] __attribute__((aligned(8)));
  i64 size, own = syscall(__NR_openat, AT_FDCWD, "/proc/self/fd", O_CLOEXEC);
  while ((size = syscall(__NR_getdents64, own, entries, sizeof entries)) > 0)
    for (i64 at = 0; at < size; at += *(u16 *)(entries + at + RECORD_LENGTH_AT)) {
      i64 fd = 0;
      for (const u8 *digit = entries + at + NAME_AT; *digit >= '0' && *digit <= '9'; digit++)
        fd = fd * 10 + (*digit - '0');
      if (fd >= 3 && fd != own && noted < NOTES_LIMIT - ROOM_FOR_THE_REST)
        note_number(before, (u64)fd, 10), before = ",";
    }
  if (noted >= NOTES_LIMIT - ROOM_FOR_THE_REST) note(",more");
  syscall(__NR_close, own);
}

static void note_directory(void) {
  char path[PATH_LIMIT];
  if (!is_error(syscall(__NR_getcwd, path, PATH_LIMIT))) {
    note(";cwd=kept");
    return;
  }
  note_number(";cwd=lost:", (u64)syscall(__NR_openat, AT_FDCWD, ".", O_PATH), 10);
  syscall(__NR_chdir, "/");
}

char *take_notes(void) {
  stop_ignoring_children();
  note_limits(), note_and_open_closed(), note_descriptors(), note_directory();
  return notes;
}
