// Fuzzes native/holder.c: real descriptors, a container and clients played by this file.
//
//   holder-fuzz SEED RUNS DIRECTORY
//
// hold() runs in this process. Whenever it polls, the world around it takes a few random steps: the
// container writes, reads or closes, clients come, say frames or nonsense, read or leave, calls are
// interrupted, the log's disk is full. So a run follows from its seed alone. One client is the honest
// primary: it checks that the bytes it is told are those that the container wrote, in order, none
// missing. The log has to tell the same.
//
// The process aborts at a sanitizer's finding, a lost or wrong byte, or a run that does not end.

#define _GNU_SOURCE

// The holder before the C library, some of whose names it uses for its own.
#define raw_syscall kernel_syscall
#include "../../native/kernel.h"
#undef raw_syscall
static i64 raw_syscall(u64 number, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f);
#define wait holder_wait
#include "../../native/buffers.c"
#include "../../native/exit-record.c"
#include "../../native/holder.c"
#include "../../native/log.c"
#include "../../native/oom-kills.c"
#include "../../native/oom-watch.c"
#undef wait
#undef syscall

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { STRANGERS = 12, POLLS_BEFORE_END = 60, POLL_LIMIT = 20000, CONTENT_LIMIT = 40000 };

static u64 random_state;
static struct sockaddr_un address;
static socklen_t address_size;

static struct {
  int stdin_fd, output_fds[2], init_fd;
  int strangers[STRANGERS];
  int polls, must_end, ended, polls_after_linger;
  i64 clock_ms;
  u8 next_written[2], next_read[2];  // in both outputs each byte is the one before, plus one
  int primary_fd, primary_said_hello, saw_exit;
  u8 received[64];
  u32 received_size, payload_left;
  u8 stream;  // whose bytes the rest of the primary's frame are; STREAM_NONE: none's
} world;

static struct {
  unsigned long polls, frames, exits, full_checks, lingered, log_entries, supervisors,
      missing_supervisors, handed_over, settled;
} totals;

// ---- randomness ----

static u32 random_number(u32 limit) {
  random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
  return (u32)(random_state >> 33) % limit;
}

static int one_in(u32 count) { return random_number(count) == 0; }

_Noreturn static void complain(const char *what) {
  fprintf(stderr, "holder-fuzz: %s (poll %d)\n", what, world.polls);
  abort();
}

// ---- the primary client ----

static void primary_takes_payload(const u8 *bytes, u32 size) {
  for (u32 i = 0; i < size; i++)
    if (bytes[i] != world.next_read[world.stream - 1]++)
      complain("a byte of the output is wrong");
}

static void primary_takes_head(const u8 *head) {
  u32 length = payload_length(head);
  if (length > FRAME_PAYLOAD_LIMIT) complain("a frame is too long");
  if (world.saw_exit) complain("a frame follows the exit frame");
  totals.frames++;
  world.payload_left = length;
  world.stream = head[1];
  if (head[0] == FRAME_OUTPUT) {
    if (head[1] < STREAM_STDOUT || head[1] > STREAM_STDERR || length == 0)
      complain("an output frame is wrong");
    return;
  }
  if ((head[0] != FRAME_HELLO && head[0] != FRAME_EXIT) || length != 4 || head[1] != STREAM_NONE)
    complain("a frame is wrong");
  world.saw_exit = head[0] == FRAME_EXIT;
}

static void primary_takes(const u8 *bytes, u32 size) {
  while (size > 0) {
    u32 count = size < world.payload_left ? size : world.payload_left;
    if (count > 0 && world.stream != STREAM_NONE) primary_takes_payload(bytes, count);
    world.payload_left -= count;
    bytes += count;
    size -= count;
    if (size == 0) return;
    world.received[world.received_size++] = *bytes++;
    size--;
    if (world.received_size < FRAME_HEAD_BYTES) continue;
    world.received_size = 0;
    primary_takes_head(world.received);
  }
}

static void primary_reads(u32 limit) {
  static u8 buffer[100000];
  if (world.primary_fd < 0) return;
  ssize_t count = recv(world.primary_fd, buffer, 1 + random_number(limit), MSG_DONTWAIT);
  if (count > 0) primary_takes(buffer, (u32)count);
  if (count != 0) return;
  if (!world.saw_exit) complain("the primary was left without an exit frame");
  if (memcmp(world.next_read, world.next_written, sizeof world.next_read) != 0)
    complain("the end of an output is missing");
  totals.full_checks++;
  close(world.primary_fd);
  world.primary_fd = -1;
}

static void primary_says_hello(void) {
  static const u8 hello[] = {FRAME_HELLO, 0, 4, 0, ATTACH_VERSION, HELLO_PRIMARY, 0, 0};
  if (world.primary_said_hello || world.primary_fd < 0) return;
  if (send(world.primary_fd, hello, sizeof hello, MSG_NOSIGNAL) != sizeof hello) abort();
  world.primary_said_hello = 1;
}

// ---- strangers: any other client ----

static void stranger_comes(int *fd) {
  if (*fd >= 0) return;
  *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (connect(*fd, (struct sockaddr *)&address, address_size) == 0) return;
  close(*fd);
  *fd = -1;
}

static void stranger_leaves(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

static u32 random_length(u8 type) {
  static const u32 limits[] = {1, FRAME_PAYLOAD_LIMIT, FRAME_PAYLOAD_LIMIT + 1, 65535};
  if (type == FRAME_HELLO || type == FRAME_RESIZE) return one_in(20) ? random_number(8) : 4;
  if (type != FRAME_STDIN) return one_in(20) ? random_number(65536) : 0;
  return one_in(3) ? limits[random_number(4)] : random_number(FRAME_PAYLOAD_LIMIT);
}

// Mostly what is right or nearly right, whole or the beginning of it. The only primary is the honest
// one, or its bytes would not be all there are.
static void stranger_speaks(int fd) {
  static u8 frame[FRAME_HEAD_BYTES + 65536];
  u8 type = (u8)random_number(one_in(8) ? 256 : 6);
  u32 length = random_length(type);
  write_head(frame, type, type == FRAME_CLOSE_OUTPUT || one_in(30) ? random_number(4) : 0, length);
  frame[4] = one_in(20) ? 0 : ATTACH_VERSION + random_number(2);
  frame[5] = (u8)(random_number(256) & ~HELLO_PRIMARY);
  u32 size = FRAME_HEAD_BYTES + length;
  if (holder.handed_over && one_in(3)) write_head(frame, FRAME_SETTLED, 0, 0), size = FRAME_HEAD_BYTES;
  if (one_in(6)) size = random_number(size + 1);
  send(fd, frame, size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void stranger_reads(int fd) {
  static u8 buffer[50000];
  recv(fd, buffer, 1 + random_number(sizeof buffer), MSG_DONTWAIT);
}

static void stranger_acts(void) {
  int *fd = &world.strangers[random_number(STRANGERS)];
  if (*fd < 0) return stranger_comes(fd);
  if (one_in(12)) return stranger_leaves(fd);
  if (one_in(3)) return stranger_reads(*fd);
  stranger_speaks(*fd);
}

// ---- the container ----

static void container_writes(int output) {
  static u8 bytes[CONTENT_LIMIT];
  u32 size = 1 + random_number(one_in(3) ? CONTENT_LIMIT : 100);
  for (u32 i = 0; i < size; i++) bytes[i] = (u8)(world.next_written[output] + i);
  ssize_t count = write(world.output_fds[output], bytes, size);
  if (count > 0) world.next_written[output] += (u8)count;
}

static void container_acts(void) {
  static u8 buffer[70000];
  if (world.ended) return;
  if (one_in(2)) return container_writes(one_in(3));
  if (world.stdin_fd >= 0 && read(world.stdin_fd, buffer, 1 + random_number(sizeof buffer)) < 0)
    if (errno != EAGAIN) abort();
  if (one_in(40) && world.stdin_fd >= 0) {
    close(world.stdin_fd);
    world.stdin_fd = -1;
  }
}

// init ends; a process that it leaves behind may keep the output open.
static void container_ends(void) {
  u64 one = 1;
  if (write(world.init_fd, &one, sizeof one) != sizeof one) abort();
  world.ended = 1;
  for (int i = 0; i < 2; i++) {
    if (one_in(2)) continue;
    close(world.output_fds[i]);
    world.output_fds[i] = -1;
  }
}

// ---- the world ----

static void check_holder(void) {
  for (EACH_CLIENT(client)) {
    if (client->frame_size > FRAME_BYTES || client->fed > FRAME_PAYLOAD_LIMIT ||
        client->unsent_end > UNSENT_LIMIT || client->unsent_start > client->unsent_end)
      complain("a client's counts are wrong");
    if (client->fd == NO_FD && (client->frame_size || client->greeted || client->unsent_end))
      complain("a free place is not empty");
  }
}

static void step_world(void) {
  world.polls++;
  totals.polls++;
  check_holder();
  if (world.polls > POLL_LIMIT) complain("the run does not end");
  if (world.polls == world.must_end) container_ends();
  for (u32 steps = random_number(6); steps > 0; steps--) {
    switch (random_number(4)) {
      case 0:
        container_acts();
        break;
      case 1:
        primary_reads(one_in(3) ? 90000 : 500);
        break;
      default:
        stranger_acts();
    }
  }
  world.clock_ms += random_number(100);
  if (one_in(100) && !world.ended) world.clock_ms += SUPERVISOR_PATIENCE_MS;
  if (one_in(10)) primary_says_hello();
  if (!world.ended) return;
  primary_says_hello();
  primary_reads(90000);
}

static i64 play_poll(u64 table, u64 count, u64 has_timeout) {
  i64 none[2] = {0, 0};
  step_world();
  if (holder.leaving && has_timeout) totals.lingered++;
  i64 ready = kernel_syscall(__NR_ppoll, table, count, (u64)none, 0, 8, 0);
  int is_over = holder.leaving && has_timeout && world.clock_ms >= holder.linger_until;
  if (is_over && ++world.polls_after_linger > 20) complain("a slow client is waited for");
  int log_is_due = log_is_pending() && world.clock_ms >= log_retry_time();
  int supervisor_is_due = world.clock_ms >= supervisor_deadline();
  totals.missing_supervisors += supervisor_is_due;
  return ready == 0 && !is_over && !log_is_due && !supervisor_is_due ? -EINTR : ready;
}

static i64 play_clock(i64 *time) {
  time[0] = world.clock_ms / 1000;
  time[1] = world.clock_ms % 1000 * 1000000;
  return 0;
}

static i64 play_wait(i32 *siginfo) {
  siginfo[2] = 1 + (i32)random_number(3);
  siginfo[6] = (i32)random_number(256);
  return one_in(10) ? -ECHILD : 0;
}

// The kernel's own buffer is larger than the holder's and would keep it empty.
static void make_buffer_small(i64 fd) {
  int size = 1 + (int)random_number(20000);
  if (fd >= 0) setsockopt((int)fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

static i64 play_accept(u64 a, u64 b, u64 c, u64 d) {
  i64 fd = kernel_syscall(__NR_accept4, a, b, c, d, 0, 0);
  make_buffer_small(fd);
  return fd;
}

static i64 raw_syscall(u64 number, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f) {
  switch (number) {
    case __NR_accept4:
      return play_accept(a, b, c, d);
    case __NR_close_range:
      return 0;
    case __NR_ppoll:
      return play_poll(a, b, c);
    case __NR_clock_gettime:
      return play_clock((i64 *)b);
    case __NR_waitid:
      return play_wait((i32 *)c);
    case __NR_fsync:
      return one_in(5) ? -EIO : 0;
    case __NR_write:
      if ((i32)a == logbook.fd && one_in(6)) return one_in(2) ? -EINTR : -ENOSPC;
      if ((i32)a == logbook.fd && one_in(3)) c = 1 + random_number((u32)c);
      __attribute__((fallthrough));
    case __NR_read:
    case __NR_recvfrom:
    case __NR_sendto:
      if (one_in(30)) return -EINTR;
      if (c > 1 && one_in(10)) c = 1 + random_number((u32)c);
  }
  return kernel_syscall(number, a, b, c, d, e, f);
}

// ---- one run ----

static int open_listener(void) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  address = (struct sockaddr_un){.sun_family = AF_UNIX};
  if (bind(fd, (struct sockaddr *)&address, sizeof(sa_family_t)) || listen(fd, 16)) abort();
  address_size = sizeof address;
  if (getsockname(fd, (struct sockaddr *)&address, &address_size)) abort();
  return fd;
}

// ---- the log ----

static const u8 *log_entry_ends(const u8 *entry, const u8 *end) {
  const u8 *newline = memchr(entry, '\n', (size_t)(end - entry));
  if (newline == 0 || newline - entry < HEAD_BYTES) complain("an entry of the log is cut off");
  if (memcmp(entry + STAMP_BYTES - 1, " stdout ", 8) && memcmp(entry + STAMP_BYTES - 1, " stderr ", 8))
    complain("an entry of the log has a wrong head");
  return newline;
}

// What the container wrote holds newlines as any other byte: F stands for one. The last may be the
// holder's own.
static void check_log_entry(const u8 *entry, const u8 *newline, u8 *next) {
  int is_stderr = entry[STAMP_BYTES + 3] == 'e';
  for (const u8 *byte = entry + HEAD_BYTES; byte < newline; byte++)
    if (*byte != next[is_stderr]++) complain("a byte of the log is wrong");
  int is_full = entry[HEAD_BYTES - 2] == 'F';
  int is_added = next[is_stderr] != '\n' && newline == entry + HEAD_BYTES;
  if (is_full && !is_added && next[is_stderr]++ != '\n') complain("a line of the log ends wrongly");
  totals.log_entries++;
}

static void check_log(int directory_fd) {
  static u8 text[8 << 20];
  u8 next[2] = {0, 0};
  int fd = openat(directory_fd, "log", O_RDONLY);
  ssize_t size = read(fd, text, sizeof text);
  close(fd);
  if (size < 0 || size == sizeof text) complain("the log can't be read");
  const u8 *end = text + size;
  for (const u8 *entry = text; entry < end;) {
    const u8 *newline = log_entry_ends(entry, end);
    check_log_entry(entry, newline, next);
    entry = newline + 1;
  }
  for (int i = 0; i < 2; i++) {
    // The holder's own end of a line looks like the newline that was to come next.
    int is_added = world.next_written[i] == '\n' && next[i] == '\n' + 1;
    if (next[i] != world.next_written[i] && !is_added) complain("the end of the log is missing");
  }
  unlinkat(directory_fd, "log", 0);
}

static void forget_holder(void) {
  memset(&logbook, 0, sizeof logbook);
  memset(&holder, 0, sizeof holder);
  memset(frames, 0, sizeof frames);
  memset(unsent_bytes, 0, sizeof unsent_bytes);
}

static void run(int directory_fd) {
  int in[2], out[2], error[2], primary[2];
  memset(&world, 0, sizeof world);
  forget_holder();
  if (pipe2(in, O_CLOEXEC | O_NONBLOCK) || pipe2(out, O_CLOEXEC | O_NONBLOCK) ||
      pipe2(error, O_CLOEXEC | O_NONBLOCK) || socketpair(AF_UNIX, SOCK_STREAM, 0, primary))
    abort();
  int init_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  world.stdin_fd = in[0];
  world.output_fds[0] = out[1];
  world.output_fds[1] = error[1];
  world.init_fd = dup(init_fd);
  world.primary_fd = primary[0];
  make_buffer_small(primary[1]);
  world.must_end = 1 + (int)random_number(POLLS_BEFORE_END);
  for (int i = 0; i < STRANGERS; i++) world.strangers[i] = -1;
  struct hold_request request = {
      HOLD_VERSION, 0,      1,          init_fd,         in[1],             out[0],
      error[0],     NO_FD,  primary[1], open_listener(), dup(directory_fd), 0,
      {(u64) "log", 0, dup(directory_fd), 1, 0, 0}, 0};
  request.flags = random_number(HOLD_FLAGS + 1) & ~(u32)PRIMARY_SETTLES;
  i64 result;
  while ((result = hold(&request)) == HOLD_SUPERVISOR_GONE) totals.supervisors++;
  totals.settled += result == HOLD_SETTLED;
  totals.handed_over += holder.handed_over;
  if (result != 0 && result != HOLD_SETTLED && result != -EIO && result != -EINTR && result != -ENOSPC)
    complain("hold() returned something else");
  while (world.primary_fd >= 0) primary_reads(90000);
  check_log(directory_fd);
  if (world.saw_exit) totals.exits++;
  for (int i = 0; i < STRANGERS; i++) stranger_leaves(&world.strangers[i]);
  if (world.stdin_fd >= 0) close(world.stdin_fd);
  for (int i = 0; i < 2; i++)
    if (world.output_fds[i] >= 0) close(world.output_fds[i]);
  close(world.init_fd);
}

static int count_descriptors(void) {
  int count = 0;
  for (int fd = 0; fd < 256; fd++) count += fcntl(fd, F_GETFD) >= 0;
  return count;
}

int main(int argc, char **argv) {
  if (argc != 4) return 99;
  random_state = strtoull(argv[1], 0, 10);
  int runs = atoi(argv[2]);
  int directory_fd = open(argv[3], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  signal(SIGPIPE, SIG_IGN);
  int before = count_descriptors();
  for (int i = 0; i < runs; i++) run(directory_fd);
  if (count_descriptors() != before) complain("descriptors leaked");
  printf("{\"runs\":%d,\"polls\":%lu,\"frames\":%lu,\"exits\":%lu,\"wholeOutputs\":%lu,"
         "\"lingered\":%lu,\"logEntries\":%lu,\"supervisors\":%lu,"
         "\"missingSupervisors\":%lu,\"handedOver\":%lu,\"settled\":%lu}\n",
         runs, totals.polls, totals.frames, totals.exits, totals.full_checks, totals.lingered,
         totals.log_entries, totals.supervisors, totals.missing_supervisors, totals.handed_over,
         totals.settled);
  return 0;
}
