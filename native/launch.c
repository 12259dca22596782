// The launcher, installed as ocicat and ocicat-runtime: executes the compiled program, ocicat.bin
// beside it or in ../lib/ocicat, under the name that was typed. That is Bun: it obeys BUN_*, dies
// in a deleted directory, changes what it inherits. So this drops those variables, leaves such a
// directory for /, and notes the rest in OCICAT_LAUNCH, which src/sys/launch-notes.ts explains:
//   v1;nofile=SOFT:HARD;ignored=HEX;blocked=HEX;closed=0,2;fds=3,4,more;cwd=kept

#include "kernel.h"
#include "memory.h"
#include "page-cache.h"

enum { NOTES_LIMIT = 4096, PATH_LIMIT = 4096, ROOM_FOR_THE_REST = 64, AT_FDCWD = -100 };
enum { F_GETFD = 1, ENOENT = 2, O_RDWR = 2, O_CLOEXEC = 02000000, O_PATH = 010000000 };

static char notes[NOTES_LIMIT];  // the variable, or the text of a failure
static char no_warm_up[] = "BUN_JSC_useWarmUpMarkedBlocks=0";  // a thread that slows a short run
static char no_compiler[] = "BUN_JSC_useJIT=0";                 // it pays in what works long
static char huge_pages[] = "MIMALLOC_ALLOW_THP=2";              // a dozen page faults, not 1,800
static const char *const work_long[] = {"image", "import", "load", "pull"};  // without these two
static u32 noted;

static void note(const char *text) {
  while (*text != 0 && noted < NOTES_LIMIT - 1) notes[noted++] = *text++;
}

static void note_number(const char *before, u64 value, u32 base) {
  char digits[21] = {0}, *first = digits + 20;
  do *--first = "0123456789abcdef"[value % base];
  while ((value /= base) > 0);
  note(before), note(first);
}

_Noreturn static void fail(const char *program, i64 error) {
  noted = 0, note("ocicat: execute \""), note(program), note("\": ");
  error == -ENOENT ? note("no such file or directory") : note_number("error ", (u64)-error, 10);
  note("\n");
  syscall(__NR_write, 2, notes, noted);
  exit_process(127);
}

static void note_limits_and_signals(void) {
  enum { RLIMIT_NOFILE = 7, SIGNALS = 64, SIG_IGN = 1, SIG_BLOCK = 0, SET_BYTES = 8 };
  u64 limit[2] = {0, 0}, action[4] = {0}, ignored = 0, blocked = 0;
  syscall(__NR_prlimit64, 0, RLIMIT_NOFILE, 0, limit);
  for (int signal = 1; signal <= SIGNALS; signal++)
    if (syscall(__NR_rt_sigaction, signal, 0, action, SET_BYTES) == 0 && action[0] == SIG_IGN)
      ignored |= 1ull << (signal - 1);
  syscall(__NR_rt_sigprocmask, SIG_BLOCK, 0, &blocked, SET_BYTES);
  note_number("OCICAT_LAUNCH=v1;nofile=", limit[0], 10), note_number(":", limit[1], 10);
  note_number(";ignored=", ignored, 16), note_number(";blocked=", blocked, 16);
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

static int starts_with(const char *text, const char *prefix) {
  while (*prefix != 0 && *text == *prefix) text++, prefix++;
  return *prefix == 0;
}

static int works_long(const char *command) {
  for (u32 index = 0; command != 0 && index < sizeof work_long / sizeof *work_long; index++)
    if (starts_with(command, work_long[index]) && starts_with(work_long[index], command)) return 1;
  return 0;
}

__attribute__((used)) _Noreturn void start(u64 *stack) {
  char **argv = (char **)(stack + 1), **entry = argv + stack[0] + 1, path[PATH_LIMIT + 32] = {0};
  u64 count = 0;
  while (entry[count] != 0) count++;
  char *environment[count + 5], **next = environment;  // with room for our own four and the end
  for (; *entry != 0; entry++)
    if (!starts_with(*entry, "BUN_") && !starts_with(*entry, "OCICAT_LAUNCH=")) *next++ = *entry;
  *next++ = notes, *next++ = no_warm_up;
  if (!works_long(argv[0] == 0 ? 0 : argv[1])) *next++ = no_compiler, *next++ = huge_pages;
  *next = 0, note_limits_and_signals(), note_and_open_closed(), note_descriptors();
  if (!is_error(syscall(__NR_getcwd, path, PATH_LIMIT))) note(";cwd=kept");
  else note_number(";cwd=lost:", (u64)syscall(__NR_openat, AT_FDCWD, ".", O_PATH), 10),
      syscall(__NR_chdir, "/");
  i64 end = syscall(__NR_readlinkat, AT_FDCWD, "/proc/self/exe", path, PATH_LIMIT);
  if (is_error(end)) fail("/proc/self/exe", end);
  while (path[end - 1] != '/') end--;
  memcpy(path + end, "../lib/ocicat/ocicat.bin", sizeof "../lib/ocicat/ocicat.bin");
  read_through_unless_cached(path);
  i64 error = syscall(__NR_execve, path, argv, environment);
  memcpy(path + end, "ocicat.bin", sizeof "ocicat.bin");
  if (error == -ENOENT) {
    read_through_unless_cached(path);
    error = syscall(__NR_execve, path, argv, environment);
  }
  fail(path, error);
}
ENTRY_POINT;
