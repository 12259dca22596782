// A container's log, as native/log.c writes it for the holder: one line an entry, in the format
// that Kubernetes' tools read (CRI). Seen from TypeScript in src/holder/log-entry.ts.
//
//   2026-11-29T15:04:05.000000042Z stdout F what the container wrote\n
//   |                              |      F: a line of it ends here; P: it goes on in the next
//   |                              |      entry of the same stream
//   |                              stdout (or the terminal) or stderr
//   when the holder read it, in UTC
//
// A file that has reached its size becomes NAME.1, that NAME.2, and so on; there are never more
// than `files` of them. What can't be written (the disk is full) waits and is tried again, and the
// container with it; or it is dropped and counted, and an entry says how much is missing.
#ifndef OCICAT_LOG_H
#define OCICAT_LOG_H

#include "kernel.h"

struct log_request {
  u64 name;          // address of a NUL-terminated file name, or 0: no log
  u64 size_limit;    // bytes of one file, or 0: no limit
  i32 directory_fd;  // where the file is, or -1: no log
  u32 files;         // at least 1
  u32 flags;         // LOG_DROP
  u32 reserved;      // 0
};

enum { LOG_DROP = 1, LOG_REQUEST_BYTES = 32, LOG_FILES_LIMIT = 100 };

// At most so much is written at once. An entry has no more, as readers of such logs expect.
enum { LOG_WRITE_LIMIT = 16384 };

_Static_assert(sizeof(struct log_request) == LOG_REQUEST_BYTES, "as in hold-request.ts");

// The clock of the holder, which knows when to try again.
i64 now_ms(void);

int log_request_is_valid(const struct log_request *request);

// The directory belongs to the log from now on; the name stays where it is.
void log_start(const struct log_request *request);

// `bytes` stay as they are until nothing is pending. Only called when nothing is, with at most
// LOG_WRITE_LIMIT of them.
void log_write(int is_stderr, const u8 *bytes, u32 size);

int log_is_pending(void);

// Tries again what is pending, if it is time to.
void log_retry(i64 now_ms);

// When to call log_retry; only while something is pending.
i64 log_retry_time(void);

// From now on nothing waits: what can't be written is dropped.
void log_stop_waiting(void);

// Opens the file anew, for whoever has renamed it. Returns 0 or -errno.
i64 log_reopen(void);

// The container has ended.
void log_finish(void);

#endif
