// The launcher, installed as ocicat and ocicat-runtime: executes the compiled program, ocicat.bin
// beside it or in ../lib/ocicat, or for short commands the quick one, ocicat.quick, under the name
// that was typed. The first is Bun: it obeys BUN_*, dies in a deleted directory, changes what it
// inherits. So this drops those variables, leaves such a directory for /, and notes the rest in
// OCICAT_LAUNCH (launch-notes.h).

#include "kernel.h"
#include "launch-notes.h"
#include "memory.h"
#include "page-cache.h"

enum { PATH_LIMIT = 4096, AT_FDCWD = -100, ENOENT = 2 };

static char no_warm_up[] = "BUN_JSC_useWarmUpMarkedBlocks=0";  // a thread that slows a short run
static char no_compiler[] = "BUN_JSC_useJIT=0";                 // it pays in what works long
static char huge_pages[] = "MIMALLOC_ALLOW_THP=2";              // a dozen page faults, not 1,800
static const char *const work_long[] = {"image", "import", "load", "pull", 0};  // without these two
// The quick program's; what it can't do of them it leaves to the other one.
static const char *const short_ones[] = {
    "container-ended", "exec", "rm", "run", "runtime", "start", "stop", 0};
static const char *const runtime_names[] = {"ocicat-runtime", 0};
_Noreturn static void fail(const char *program, i64 error) {
  begin_notes(), note("ocicat: execute \""), note(program), note("\": ");
  error == -ENOENT ? note("no such file or directory") : note_number("error ", (u64)-error, 10);
  note("\n");
  show_notes();
  exit_process(127);
}

static int starts_with(const char *text, const char *prefix) {
  while (*prefix != 0 && *text == *prefix) text++, prefix++;
  return *prefix == 0;
}

static int is_one_of(const char *word, const char *const *words) {
  for (; word != 0 && *words != 0; words++)
    if (starts_with(word, *words) && starts_with(*words, word)) return 1;
  return 0;
}

static const char *base_of(const char *path) {
  const char *base = path;
  for (; path != 0 && *path != 0; path++)
    if (*path == '/') base = path + 1;
  return base;
}

// `folder` has room behind it. Comes back with -ENOENT, or with what else went wrong, of the file
// that `folder` names then.
static i64 execute(char *folder, const char *name, char **argv, char **environment) {
  static const char *const places[] = {"../lib/ocicat/", ""};
  i64 error = -ENOENT;
  for (u32 place = 0; place < 2 && error == -ENOENT; place++) {
    char *next = folder;
    while (*next != 0) next++;
    char *end = next;
    for (const char *text = places[place]; *text != 0;) *next++ = *text++;
    for (const char *text = name; *text != 0;) *next++ = *text++;
    *next = 0;
    read_through_unless_cached(folder);
    error = syscall(__NR_execve, folder, argv, environment);
    if (error == -ENOENT) *end = 0;
  }
  return error;
}

__attribute__((used)) _Noreturn void start(u64 *stack) {
  char **argv = (char **)(stack + 1), **entry = argv + stack[0] + 1, path[PATH_LIMIT + 32] = {0};
  u64 count = 0;
  while (entry[count] != 0) count++;
  char *environment[count + 5], **next = environment;  // with room for our own four and the end
  for (; *entry != 0; entry++)
    if (!starts_with(*entry, "BUN_") && !starts_with(*entry, "OCICAT_LAUNCH=")) *next++ = *entry;
  *next++ = take_notes(), *next++ = no_warm_up;
  const char *command = argv[0] == 0 ? 0 : argv[1];
  if (!is_one_of(command, work_long)) *next++ = no_compiler, *next++ = huge_pages;
  *next = 0;
  i64 end = syscall(__NR_readlinkat, AT_FDCWD, "/proc/self/exe", path, PATH_LIMIT);
  if (is_error(end)) fail("/proc/self/exe", end);
  while (path[end - 1] != '/') end--;
  path[end] = 0;
  i64 error = -ENOENT;
  if (is_one_of(command, short_ones) || is_one_of(base_of(argv[0]), runtime_names))
    error = execute(path, "ocicat.quick", argv, environment);
  if (error == -ENOENT) error = execute(path, "ocicat.bin", argv, environment);
  if (error == -ENOENT) memcpy(path + end, "ocicat.bin", sizeof "ocicat.bin");
  fail(path, error);
}
ENTRY_POINT;
