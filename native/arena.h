// The memory of the quick program's JavaScript engine: one range at one address, so that it can be
// written to a file, with everything the engine has read and made by then, and be there again in
// the next process without being read and made.
#ifndef OCICAT_ARENA_H
#define OCICAT_ARENA_H

#include "kernel.h"

// What is found again at the arena's beginning.
struct arena_roots {
  void *runtime, *context;
  const char *folder;  // where modules are read from; NULL: all have been
};

enum restored { NOTHING_SAVED, RESTORED, NO_ROOM };

// Maps what `arena_save` has added to the file, privately. NO_ROOM: the range is taken, or more
// than this process may have.
enum restored arena_restore(const char *path);
// A new one, with nothing in it. 0: its range is taken.
int arena_make(void);
// Writes `program`, a file, and behind it what is in the arena. 0, or -errno.
i64 arena_save(int program, int to);

struct arena_roots *arena_roots(void);
// Behind all blocks.
const void *arena_end(void);

void *arena_allocate(void *unused, size_t size);
void *arena_allocate_zeroed(void *unused, size_t count, size_t size);
void *arena_reallocate(void *unused, void *block, size_t size);
void arena_free(void *unused, void *block);
size_t arena_usable_size(const void *block);

#endif
