// Blocks of a few sizes: those up to a kilobyte are multiples of 16 bytes, larger ones have four
// sizes between two powers of two. What is given back is kept for the next of its size. Nothing is
// ever joined: a command ends before that would be worth it.
//
//   +--------+-------------------------+---------+----- - -
//   | struct | blocks, each behind     | so far  |  not used
//   | arena  | the size that it has    | unused  |  yet
//   +--------+-------------------------+---------+----- - -
//   ARENA_AT                           next      end of pages ... ARENA_AT + ARENA_BYTES

#include "arena.h"

#include <string.h>

enum { PAGE = 4096, STEP = 16, SMALL = 1024, SMALL_LISTS = SMALL / STEP, LARGE_LISTS = 128 };
enum { PROT_READ_WRITE = 3, MAP_PRIVATE = 2, MAP_FIXED = 0x10, MAP_ANONYMOUS = 0x20 };
enum { MAP_NORESERVE = 0x4000, MAP_FIXED_NOREPLACE = 0x100000 };
enum { AT_FDCWD = -100, O_CLOEXEC = 02000000, SEEK_END = 2, COPY_BYTES = 64 * 1024 };

#define ARENA_AT 0x1000000000ull
#define ARENA_BYTES (1ull << 28)
#define MAGIC 0x71756963746163ull

struct block {
  u64 size;
  u64 of_16_bytes;  // what is behind it is aligned as any type may have to be
  union {
    struct block *next;  // while it is free
    u8 content[1];
  };
};

enum { HEAD = offsetof(struct block, content) };

struct arena {
  struct arena_roots roots;
  u64 next;
  struct block *free[SMALL_LISTS + 1 + LARGE_LISTS];
};

// The last bytes of a file that an arena was saved to.
struct note {
  u64 magic, offset, length;
};

static struct arena *const arena = (struct arena *)ARENA_AT;

struct arena_roots *arena_roots(void) { return &arena->roots; }

const void *arena_end(void) { return (const void *)arena->next; }

static u64 round_up(u64 size, u64 step) { return (size + step - 1) / step * step; }

static int map(u64 length, u64 flags, i64 fd, u64 offset) {
  i64 at = syscall(__NR_mmap, ARENA_AT, length, PROT_READ_WRITE, MAP_PRIVATE | flags, fd, offset);
  return at == (i64)ARENA_AT;
}

int arena_make(void) {
  u64 flags = MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
  if (!map(ARENA_BYTES, flags, NO_FD, 0)) return 0;
  arena->next = ARENA_AT + round_up(sizeof *arena, STEP);
  return 1;
}

enum restored arena_restore(const char *path) {
  struct note note = {0};
  i64 fd = syscall(__NR_openat, AT_FDCWD, path, O_CLOEXEC);
  i64 size = syscall(__NR_lseek, fd, 0, SEEK_END);
  i64 read = syscall(__NR_pread64, fd, &note, sizeof note, size - (i64)sizeof note);
  int has_arena = read == sizeof note && note.magic == MAGIC;
  int is_mapped = has_arena && arena_make() && map(note.length, MAP_FIXED, fd, note.offset);
  syscall(__NR_close, fd);
  return is_mapped ? RESTORED : has_arena ? NO_ROOM : NOTHING_SAVED;
}

static i64 write_all(int to, const void *content, u64 length) {
  for (u64 at = 0; at < length;) {
    i64 written = syscall(__NR_write, to, (const u8 *)content + at, length - at);
    if (is_error(written)) return written;
    at += (u64)written;
  }
  return 0;
}

static i64 copy_all(int from, int to, u64 *copied) {
  static u8 buffer[COPY_BYTES];
  for (i64 read; (read = syscall(__NR_read, from, buffer, sizeof buffer)) != 0;) {
    i64 error = is_error(read) ? read : write_all(to, buffer, (u64)read);
    if (error != 0) return error;
    *copied += (u64)read;
  }
  return 0;
}

i64 arena_save(int program, int to) {
  static const u8 zeros[PAGE];
  u64 size = 0;
  i64 error = copy_all(program, to, &size);
  struct note note = {MAGIC, round_up(size, PAGE), round_up(arena->next - ARENA_AT, PAGE)};
  if (error == 0) error = write_all(to, zeros, note.offset - size);
  if (error == 0) error = write_all(to, arena, note.length);
  return error == 0 ? write_all(to, &note, sizeof note) : error;
}

// The list of a size, which becomes what blocks of that list have.
static u32 list_of(u64 *size) {
  if (*size <= SMALL) {
    *size = round_up(*size == 0 ? 1 : *size, STEP);
    return (u32)(*size / STEP);
  }
  int bits = 63 - __builtin_clzll(*size - 1);
  u64 quarter = 1ull << (bits - 2);
  *size = round_up(*size, quarter);
  return SMALL_LISTS + 1 + (u32)(bits - 10) * 4 + (u32)((*size - 1) / quarter - 4);
}

static struct block *block_of(const void *content) {
  return (struct block *)((u64)content - HEAD);
}

void *arena_allocate(void *unused, size_t size) {
  (void)unused;
  u64 whole = size;
  if (whole > ARENA_BYTES) return NULL;
  struct block **list = &arena->free[list_of(&whole)], *block = *list;
  if (block != NULL) {
    *list = block->next;
    return block->content;
  }
  if (arena->next + HEAD + whole > ARENA_AT + ARENA_BYTES) return NULL;
  block = (struct block *)arena->next;
  arena->next += HEAD + whole;
  block->size = whole;
  return block->content;
}

void *arena_allocate_zeroed(void *unused, size_t count, size_t size) {
  u64 all = 0;
  if (__builtin_mul_overflow(count, size, &all)) return NULL;
  void *content = arena_allocate(unused, all);
  return content == NULL ? NULL : memset(content, 0, all);
}

void arena_free(void *unused, void *content) {
  (void)unused;
  if (content == NULL) return;
  struct block *block = block_of(content);
  u64 size = block->size;
  struct block **list = &arena->free[list_of(&size)];
  block->next = *list;
  *list = block;
}

void *arena_reallocate(void *unused, void *content, size_t size) {
  if (content == NULL) return arena_allocate(unused, size);
  if (size == 0) {
    arena_free(unused, content);
    return NULL;
  }
  u64 before = block_of(content)->size;
  if (size <= before && size > before / 2) return content;
  void *other = arena_allocate(unused, size);
  if (other == NULL) return NULL;
  memcpy(other, content, size < before ? size : before);
  arena_free(unused, content);
  return other;
}

size_t arena_usable_size(const void *content) {
  return content == NULL ? 0 : block_of(content)->size;
}
