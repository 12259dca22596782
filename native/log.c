// Writes a container's log: log.h draws it.
//
// What the holder read is framed into a batch: one write costs the kernel much less than a piece
// for each line would. A batch is written as a whole or taken back, so that a file always ends with
// a whole entry.

#include "log.h"
#include "buffers.h"

#include <linux/errno.h>

void *memcpy(void *restrict to, const void *restrict from, size_t count);

enum { STAMP_BYTES = 31, HEAD_BYTES = STAMP_BYTES + 9, RETRY_MS = 500 };

// A full batch has no room for another entry: its head, a byte and a newline.
enum { BATCH_IS_FULL = BATCH_BYTES - HEAD_BYTES - 1 };

static struct {
  struct log_request request;
  i32 fd;
  u64 size;
  u8 in_line[2];  // of stdout, stderr: the last entry was a P
  // What is pending: the rest of what the holder read.
  int is_stderr;
  const u8 *rest;
  u32 rest_size;
  i64 retry_at;
  u64 lost;
} logbook;

static u8 full_head[HEAD_BYTES];
static u8 partial_head[HEAD_BYTES];

static const char *file_name(void) { return (const char *)logbook.request.name; }

static int is_on(void) {
  return logbook.request.directory_fd != NO_FD && logbook.request.name != 0;
}

int log_request_is_valid(const struct log_request *request) {
  return request->reserved == 0 && (request->flags & ~(u32)LOG_DROP) == 0 &&
         (request->directory_fd < 0 || request->name == 0 ||
          (request->files >= 1 && request->files <= LOG_FILES_LIMIT));
}

// ---- the head of an entry ----

static void put_digits(u8 *to, u64 value, int count) {
  for (; count-- > 0; value /= 10) to[count] = (u8)('0' + value % 10);
}

// Days since 1970 to a date of the Gregorian calendar: years that begin with March have their odd
// day at the end, and 400 of them are 146,097 days.
static void put_date(u8 *to, u64 days_since_1970) {
  u64 days = days_since_1970 + 719468;
  u64 day_of_era = days % 146097;
  u64 leap_days = day_of_era / 1460 - day_of_era / 36524 + day_of_era / 146096;
  u64 year_of_era = (day_of_era - leap_days) / 365;
  u64 day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  u64 march_month = (5 * day_of_year + 2) / 153;
  u64 month = march_month < 10 ? march_month + 3 : march_month - 9;
  put_digits(to, year_of_era + days / 146097 * 400 + (month <= 2), 4);
  put_digits(to + 5, month, 2);
  put_digits(to + 8, day_of_year - (153 * march_month + 2) / 5 + 1, 2);
}

static void put_time(u8 *to, u64 second_of_day, u64 nanoseconds) {
  put_digits(to, second_of_day / 3600, 2);
  put_digits(to + 3, second_of_day / 60 % 60, 2);
  put_digits(to + 6, second_of_day % 60, 2);
  put_digits(to + 9, nanoseconds, 9);
}

static void compose_heads(int is_stderr) {
  enum { CLOCK_REALTIME = 0, SECONDS_A_DAY = 86400 };
  i64 time[2] = {0, 0};
  syscall(__NR_clock_gettime, CLOCK_REALTIME, time);
  memcpy(full_head, "0000-00-00T00:00:00.000000000Z stdout F ", HEAD_BYTES);
  if (is_stderr) memcpy(full_head + STAMP_BYTES, "stderr", 6);
  put_date(full_head, (u64)time[0] / SECONDS_A_DAY);
  put_time(full_head + 11, (u64)time[0] % SECONDS_A_DAY, (u64)time[1]);
  memcpy(partial_head, full_head, HEAD_BYTES);
  partial_head[HEAD_BYTES - 2] = 'P';
}

// ---- files ----

static i64 open_file(void) {
  enum { APPEND_CREATE_CLOEXEC = 01 | 02000 | 0100 | 02000000, MODE = 0640, SEEK_END = 2 };
  i64 fd = syscall(__NR_openat, logbook.request.directory_fd, file_name(),
                   APPEND_CREATE_CLOEXEC | KERNEL_O_NOFOLLOW, MODE);
  if (is_error(fd)) return fd;
  i64 size = syscall(__NR_lseek, fd, 0, SEEK_END);
  logbook.fd = (i32)fd;
  logbook.size = is_error(size) ? 0 : (u64)size;
  return 0;
}

static void close_file(void) {
  if (logbook.fd != NO_FD) syscall(__NR_close, logbook.fd);
  logbook.fd = NO_FD;
}

// NAME.number; 0 is NAME itself.
static void numbered_name(char *to, u32 number) {
  enum { LONGEST = 255 };
  const char *from = file_name();
  u32 length = 0;
  for (; from[length] != 0 && length < LONGEST - 3; length++) to[length] = from[length];
  if (number > 0) {
    to[length++] = '.';
    if (number >= 10) to[length++] = (char)('0' + number / 10);
    to[length++] = (char)('0' + number % 10);
  }
  to[length] = 0;
}

static void rotate(void) {
  char from[256], to[256];
  i32 directory_fd = logbook.request.directory_fd;
  close_file();
  for (u32 number = logbook.request.files - 1; number > 0; number--) {
    numbered_name(from, number - 1);
    numbered_name(to, number);
    syscall(__NR_renameat2, directory_fd, from, directory_fd, to, 0);
  }
  if (logbook.request.files == 1) syscall(__NR_unlinkat, directory_fd, file_name(), 0);
  open_file();
}

// A line that never ends does not keep a file from being rotated for ever.
static int is_full(void) {
  u64 limit = logbook.request.size_limit;
  int in_line = logbook.in_line[0] || logbook.in_line[1];
  return limit > 0 && logbook.size >= (in_line ? 2 * limit : limit);
}

// ---- batches ----

// Copies all up to the first newline, or all; returns how much that is.
static u32 copy_line(u8 *to, const u8 *from, u32 size) {
  enum { WORD_BYTES = sizeof(u64) };
  static const u64 ONES = 0x0101010101010101, NEWLINES = ONES * '\n';
  u32 copied = 0;
  for (; copied + WORD_BYTES <= size; copied += WORD_BYTES) {
    u64 word;
    __builtin_memcpy(&word, from + copied, WORD_BYTES);
    __builtin_memcpy(to + copied, &word, WORD_BYTES);
    // A byte of `other` is 0 where the word has a newline: the lowest high bit that is left is its.
    u64 other = word ^ NEWLINES;
    u64 found = (other - ONES) & ~other & ONES << 7;
    if (found != 0) return copied + (u32)__builtin_ctzll(found) / 8 + 1;
  }
  for (; copied < size; copied++)
    if ((to[copied] = from[copied]) == '\n') return copied + 1;
  return size;
}

// Frames lines up to `most` bytes and the file's limit; returns their size in the rest, never 0.
static u32 frame_batch(u32 most, u32 *batch_size) {
  u64 limit = logbook.request.size_limit;
  u32 framed = 0, size = 0;
  while (framed < logbook.rest_size && size < most) {
    if (limit > 0 && framed > 0 && logbook.size + size >= limit) break;
    u32 left = logbook.rest_size - framed, room = BATCH_IS_FULL - size;
    u8 *to = batch + size + HEAD_BYTES;
    u32 length = copy_line(to, logbook.rest + framed, left < room ? left : room);
    int is_whole = to[length - 1] == '\n';
    if (!is_whole && length < left) break;  // It comes into the next batch.
    __builtin_memcpy(batch + size, is_whole ? full_head : partial_head, HEAD_BYTES);
    if (!is_whole) to[length] = '\n';
    framed += length;
    size += HEAD_BYTES + length + !is_whole;
  }
  *batch_size = size;
  return framed;
}

// All of it, or -errno and the file as it was.
static i64 write_whole(u32 size) {
  u32 written = 0;
  i64 opened = logbook.fd == NO_FD ? open_file() : 0;
  if (is_error(opened)) return opened;
  while (written < size) {
    i64 count = syscall(__NR_write, logbook.fd, batch + written, size - written);
    if (count == -EINTR) continue;
    if (count <= 0) {
      syscall(__NR_ftruncate, logbook.fd, logbook.size);
      return count == 0 ? -ENOSPC : count;
    }
    written += (u32)count;
  }
  logbook.size += size;
  return 0;
}

static i64 write_entry(int is_stderr, const u8 *text, u32 size) {
  compose_heads(is_stderr);
  memcpy(batch, full_head, HEAD_BYTES);
  memcpy(batch + HEAD_BYTES, text, size);
  batch[HEAD_BYTES + size] = '\n';
  return write_whole(HEAD_BYTES + size + 1);
}

// Nothing more is written before it is said that something is missing.
static i64 say_what_is_lost(void) {
  static const char words[] = " bytes of output are missing here: they could not be written";
  u8 text[20 + sizeof words];
  u32 length = 1;
  if (logbook.lost == 0) return 0;
  for (u64 rest = logbook.lost; rest >= 10; rest /= 10) length++;
  put_digits(text, logbook.lost, (int)length);
  memcpy(text + length, words, sizeof words - 1);
  i64 result = write_entry(1, text, length + sizeof words - 1);
  if (!is_error(result)) logbook.lost = 0;
  return result;
}

static i64 write_batch(void) {
  u32 size, framed = 0;
  i64 result = say_what_is_lost();
  if (is_error(result)) return result;
  compose_heads(logbook.is_stderr);
  // What a disk has no room for as a whole may fit in part.
  for (u32 most = BATCH_IS_FULL; most > HEAD_BYTES; most /= 4) {
    framed = frame_batch(most, &size);
    if (!is_error(result = write_whole(size))) break;
  }
  if (is_error(result)) return result;
  logbook.in_line[logbook.is_stderr] = logbook.rest[framed - 1] != '\n';
  logbook.rest += framed;
  logbook.rest_size -= framed;
  if (is_full()) rotate();
  return 0;
}

static void write_rest(i64 now_ms) {
  while (logbook.rest_size > 0) {
    if (!is_error(write_batch())) continue;
    if ((logbook.request.flags & LOG_DROP) == 0) {
      logbook.retry_at = now_ms + RETRY_MS;
      return;
    }
    logbook.lost += logbook.rest_size;
    logbook.rest_size = 0;
  }
}

// ---- what the holder calls ----

void log_start(const struct log_request *request) {
  logbook.request = *request;
  logbook.fd = NO_FD;
  if (is_on()) open_file();
}

void log_write(int is_stderr, const u8 *bytes, u32 size) {
  if (!is_on()) return;
  logbook.is_stderr = is_stderr;
  logbook.rest = bytes;
  logbook.rest_size = size;
  write_rest(0);
  if (logbook.rest_size > 0) logbook.retry_at = now_ms() + RETRY_MS;
}

int log_is_pending(void) { return logbook.rest_size > 0; }

i64 log_retry_time(void) { return logbook.retry_at; }

void log_retry(i64 now_ms) {
  if (now_ms >= logbook.retry_at) write_rest(now_ms);
}

void log_stop_waiting(void) {
  logbook.request.flags |= LOG_DROP;
  write_rest(0);
}

i64 log_reopen(void) {
  if (!is_on()) return -EBADF;
  close_file();
  return open_file();
}

void log_finish(void) {
  if (!is_on()) return;
  say_what_is_lost();
  close_file();
  syscall(__NR_close, logbook.request.directory_fd);
}
