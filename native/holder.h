// What a program gives to `hold` (native/holder.c), and the frames of the attach protocol. Both are
// seen from TypeScript in src/program/hold-request.ts and src/holder/attach-protocol.ts.
//
// The request lies in the program's data, 88 bytes, little-endian, aligned to 8:
//
//    0 version       u32  HOLD_VERSION
//    4 flags         u32  enum hold_flag
//    8 init_pid      u32  as this process sees it
//   12 pidfd         i32  of the container's init: a child of this process, or of an earlier holder
//   16 stdin_fd      i32  write end of the pipe, or -1: it has no stdin, or a terminal
//   20 stdout_fd     i32  read end, or a FIFO that is open both ways, or -1
//   24 stderr_fd     i32  the same
//   28 terminal_fd   i32  pty master, or -1; with one, the three above are -1
//   32 primary_fd    i32  a connected stream socket: the client that is there from the start, or -1
//   36 listener_fd   i32  listening Unix stream socket for later clients, or -1
//   40 directory_fd  i32  where exit.json is written, or -1: nowhere
//   44 reserved      u32  0
//   48 log           32 bytes, struct log_request
//   80 oom_path      u64  address of the path of the file that counts the container's out-of-memory
//                         kills, or 0: nobody counts
//
// Every descriptor is close-on-exec and belongs to hold() from then on. By then this process has
// closed its own copies of the container's ends, ignores SIGPIPE, SIGHUP and SIGTERM, and leads its
// own session: the program sees to that.
#ifndef OCICAT_HOLDER_H
#define OCICAT_HOLDER_H

#include "kernel.h"
#include "log.h"

struct hold_request {
  u32 version;
  u32 flags;
  u32 init_pid;
  i32 pidfd;
  i32 stdin_fd;
  i32 stdout_fd;
  i32 stderr_fd;
  i32 terminal_fd;
  i32 primary_fd;
  i32 listener_fd;
  i32 directory_fd;
  u32 reserved;
  struct log_request log;
  u64 oom_path;
};

enum { HOLD_VERSION = 3, HOLD_REQUEST_BYTES = 88 };

enum hold_flag {
  // A primary client that is there at the end sees to what comes after it: hold() returns
  // HOLD_SETTLED.
  PRIMARY_SETTLES = 1,
  // A client may be the container's supervisor (HELLO_SUPERVISOR). When such a client goes while
  // the container runs, or none has come for five seconds, hold() returns HOLD_SUPERVISOR_GONE;
  // called again, it goes on.
  SUPERVISED = 2,
  // The container is removed when it has ended: its exit record has no need to survive a power cut,
  // and nobody waits for the disk.
  RECORD_IS_BRIEF = 4,
  // The container's own end of a FIFO is open for reading, too, so that it outlives its holder. It
  // would never see that nobody reads: output goes on being read for the log and other clients.
  STDOUT_STAYS = 8,
  STDERR_STAYS = 16,
  // When the primary client goes, so does the input: what reads it sees its end.
  STDIN_IS_PRIMARYS = 32,
  HOLD_FLAGS = 63,
};

enum { HOLD_SUPERVISOR_GONE = 1, HOLD_SETTLED = 2 };

_Static_assert(sizeof(struct hold_request) == HOLD_REQUEST_BYTES, "as in hold-request.ts");

// Keeps the container until its init has ended, everything it wrote is delivered, the exit record
// is written and every client knows. Returns 0, or -errno: EINVAL for a request that it does not
// understand, or what kept the exit record from being written. See PRIMARY_SETTLES, SUPERVISED.
// Where a client has settled the end (HELLO_SETTLER), too, it returns HOLD_SETTLED.
i64 hold(const struct hold_request *request);

// A frame of the attach protocol: type u8 | stream u8 | length of the payload u16 | payload.
// The payloads are drawn in src/holder/attach-protocol.ts.
enum {
  FRAME_HEAD_BYTES = 4,
  FRAME_PAYLOAD_LIMIT = 16384,
  ATTACH_VERSION = 1,
};

static inline u32 payload_length(const u8 *frame) { return frame[2] | (u32)frame[3] << 8; }

// From client to holder, but for hello, output, exit, log_reopened and settle.
enum frame_type {
  FRAME_HELLO = 1,         // both ways, first: version u8 | flags u8 | 0 u16
  FRAME_STDIN = 2,         // bytes
  FRAME_CLOSE_STDIN = 3,   // empty
  FRAME_RESIZE = 4,        // rows u16 | columns u16
  FRAME_CLOSE_OUTPUT = 5,  // empty; the head names the stream
  FRAME_OUTPUT = 6,        // bytes; the head names the stream
  FRAME_EXIT = 7,          // enum exit_how u8 | status u8 | 0 u16
  FRAME_REOPEN_LOG = 8,    // empty
  FRAME_LOG_REOPENED = 9,  // errno u8, or 0 | 0 u24
  FRAME_SETTLE = 10,       // empty
  FRAME_SETTLED = 11,      // empty
};

enum { STREAM_NONE = 0, STREAM_STDOUT = 1, STREAM_STDERR = 2 };
enum { HELLO_PRIMARY = 1, HELLO_TERMINAL = 2, HELLO_SUPERVISOR = 4, HELLO_SETTLER = 8 };

#endif
