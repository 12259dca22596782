// The holder: what the stage becomes once the container's init runs (the `hold` op). It carries
// bytes between the container, its log (log.c) and the clients of its attach socket, waits for
// init, writes the exit record and ends.
//
//   container                  holder                     clients, at most 8
//   stdout, stderr, terminal ------> one chunk ------> unsent bytes of each ------> socket
//                                        `-----------> the log
//   stdin, terminal          <------ one frame of each client            <------ socket
//
// Who waits for whom:
// - The primary client is to the container what the reader of a pipe is: while its unsent bytes
//   leave no room for a chunk, the container's output is not read, and nothing is lost. When it
//   goes, output is thrown away until there is another; the input may end with it.
// - Any other client must keep up: it is disconnected when its unsent bytes leave no room.
// - A client whose bytes the container does not take is not read from; no one else waits for it.
// - A supervisor is a client that gets no output; for want of one, the program starts another.
// - A settler is a client that gets no output, either: who stops the container, and sees to what
//   comes after its end. When all else is done, and every lock is free, the holder tells it to and
//   waits. The rest of the program is executed only if it goes, or takes too long, before it says
//   that it has.
// - While the log can't be written, output is not read; input, clients and the exit record go on.
//
// A holder that was killed is followed by another one, which opens the same FIFOs: what the first
// had read and not written is lost, nothing else. Where init is not its child, the kernel is asked
// how it ended.
//
// The end: init is waited for, the record written at once. Then the pipes are read until they are
// empty, not until they close: a process that init left behind may keep them open for ever. The
// exit frame comes behind the last byte, and clients and the log have a while to take what is
// theirs; the primary has all the time it wants.

#include "holder.h"

#include "buffers.h"
#include "exit-record.h"
#include "log.h"
#include "oom-watch.h"
#include "poll.h"

#include <linux/errno.h>

void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memmove(void *to, const void *from, size_t count);

enum { LINGER_MS = 5000, SUPERVISOR_PATIENCE_MS = 5000 };

// What one poll looks at, in the order of its table.
enum {
  AT_STDOUT,
  AT_STDERR,
  AT_STDIN,
  AT_INIT,
  AT_OOM,
  AT_LISTENER,
  AT_CLIENTS,
  PLACES = AT_CLIENTS + CLIENT_LIMIT,
};

struct client {
  i32 fd;  // NO_FD: this place is free
  u8 greeted;
  u8 supervises;
  u8 settles;
  u32 frame_size;  // of the frame that is being received, head included
  u32 fed;         // how much of its payload the container has taken
  u32 unsent_start;
  u32 unsent_end;
  u8 *frame;
  u8 *unsent;
};

struct output {
  i32 fd;
  u8 stream;
  u8 stays;       // STDOUT_STAYS or STDERR_STAYS
  i64 remaining;  // once init has ended: how much may still be read
};

static struct {
  struct output outputs[2];
  i32 stdin_fd;
  i32 terminal_fd;
  i32 terminal_peer_fd;
  u32 flags;
  i32 pidfd;
  i32 listener_fd;
  i32 directory_fd;
  i32 oom_fd;
  struct exit_record init;
  u8 ended;
  u8 leaving;
  u8 supervisor_gone;
  u8 handed_over;  // to a settler
  u8 settled;
  i64 linger_until;
  i64 supervisor_due;
  i64 log_waits_until;
  i64 record_result;
  struct client *primary;
  struct client clients[CLIENT_LIMIT];
} holder;

_Static_assert((u32)FRAME_PAYLOAD_LIMIT <= (u32)LOG_WRITE_LIMIT, "what is read goes to the log");

#define EACH_CLIENT(client) \
  struct client *client = holder.clients; client < holder.clients + CLIENT_LIMIT; client++

// ---- small things ----

static int would_block(i64 result) { return result == -EAGAIN || result == -EINTR; }

static void close_fd(i32 *fd) {
  if (*fd != NO_FD) syscall(__NR_close, *fd);
  *fd = NO_FD;
}

static int is_terminal(void) { return holder.terminal_fd != NO_FD; }

// A terminal has no end of input that its other clients and the programs in it would survive.
static void close_stdin(void) {
  if (!is_terminal()) close_fd(&holder.stdin_fd);
}

static void make_nonblocking(i32 fd) {
  enum { F_GETFL = 3, F_SETFL = 4, O_NONBLOCK = 04000 };
  if (fd == NO_FD) return;
  i64 flags = syscall(__NR_fcntl, fd, F_GETFL);
  syscall(__NR_fcntl, fd, F_SETFL, flags | O_NONBLOCK);
}

i64 now_ms(void) {
  enum { CLOCK_MONOTONIC = 1 };
  i64 time[2] = {0, 0};
  syscall(__NR_clock_gettime, CLOCK_MONOTONIC, time);
  return time[0] * 1000 + time[1] / 1000000;
}

static void write_head(u8 *frame, u8 type, u8 stream, u32 length) {
  frame[0] = type;
  frame[1] = stream;
  frame[2] = length & 255;
  frame[3] = length >> 8 & 255;
}

// ---- to the clients ----

static void drop(struct client *client) {
  if (holder.primary == client && (holder.flags & STDIN_IS_PRIMARYS)) close_stdin();
  if (holder.primary == client) holder.primary = 0;
  if (client->supervises) holder.supervisor_gone = 1;
  close_fd(&client->fd);
  client->greeted = client->supervises = client->settles = 0;
  client->frame_size = client->fed = 0;
  client->unsent_start = client->unsent_end = 0;
}

static u32 unsent(const struct client *client) { return client->unsent_end - client->unsent_start; }

// How many bytes the socket took; a client that is gone is dropped.
static u32 send_bytes(struct client *client, const u8 *from, u32 size) {
  enum { MSG_DONTWAIT = 0x40, MSG_NOSIGNAL = 0x4000 };
  u32 sent = 0;
  while (sent < size) {
    i64 count = syscall(__NR_sendto, client->fd, from + sent, size - sent,
                        MSG_DONTWAIT | MSG_NOSIGNAL);
    if (would_block(count)) return sent;
    if (count <= 0) {
      drop(client);
      return 0;
    }
    sent += (u32)count;
  }
  return sent;
}

static void flush(struct client *client) {
  u32 sent = send_bytes(client, client->unsent + client->unsent_start, unsent(client));
  client->unsent_start += sent;
  if (unsent(client) == 0) client->unsent_start = client->unsent_end = 0;
}

static void keep(struct client *client, const u8 *from, u32 size) {
  if (size > UNSENT_LIMIT - unsent(client)) return drop(client);
  if (size > UNSENT_LIMIT - client->unsent_end) {
    u32 kept = unsent(client);
    memmove(client->unsent, client->unsent + client->unsent_start, kept);
    client->unsent_start = 0;
    client->unsent_end = kept;
  }
  memcpy(client->unsent + client->unsent_end, from, size);
  client->unsent_end += size;
}

static void post(struct client *client, const u8 *frame) {
  u32 size = FRAME_HEAD_BYTES + payload_length(frame);
  u32 sent = unsent(client) == 0 ? send_bytes(client, frame, size) : 0;
  if (client->fd != NO_FD && sent < size) keep(client, frame + sent, size - sent);
}

static int output_has_room(void) {
  if (log_is_pending()) return 0;
  if (holder.primary == 0) return 1;
  return holder.primary->greeted && UNSENT_LIMIT - unsent(holder.primary) >= FRAME_BYTES;
}

// ---- from the container ----

// The terminal stays open: input and its size go through the same descriptor.
static void end_output(struct output *output) {
  if (is_terminal())
    output->fd = NO_FD;
  else
    close_fd(&output->fd);
}

static void pump(struct output *output) {
  i64 limit = FRAME_PAYLOAD_LIMIT;
  if (holder.ended && output->remaining < limit) limit = output->remaining;
  i64 count = syscall(__NR_read, output->fd, output_frame + FRAME_HEAD_BYTES, limit);
  if (count == -EINTR || (count == -EAGAIN && !holder.ended)) return;
  if (count <= 0) return end_output(output);
  output->remaining -= count;
  write_head(output_frame, FRAME_OUTPUT, output->stream, (u32)count);
  for (EACH_CLIENT(client))
    if (client->greeted && !client->supervises && !client->settles) post(client, output_frame);
  log_write(output->stream == STREAM_STDERR, output_frame + FRAME_HEAD_BYTES, (u32)count);
}

// What is left when init has ended, as far as the primary has room for it.
static void drain(void) {
  for (int i = 0; i < 2; i++)
    while (holder.outputs[i].fd != NO_FD && output_has_room()) pump(&holder.outputs[i]);
}

// A process that init left behind could write for ever: no more is read than can be there now.
static void limit_output(struct output *output) {
  enum { F_GETPIPE_SZ = 1032, AT_MOST = 1 << 20 };
  i64 size = syscall(__NR_fcntl, output->fd, F_GETPIPE_SZ);
  output->remaining = is_error(size) ? AT_MOST : size;
}

// ---- to the container ----

static int is_whole(const struct client *client) {
  return client->frame_size >= FRAME_HEAD_BYTES &&
         client->frame_size == FRAME_HEAD_BYTES + payload_length(client->frame);
}

// Between rounds a whole frame is only there because the container does not take it.
static int waits_for_container(const struct client *client) {
  return client->fd != NO_FD && is_whole(client);
}

static void finish_frame(struct client *client) { client->frame_size = client->fed = 0; }

static void feed(struct client *client) {
  u32 length = payload_length(client->frame);
  while (client->fed < length && holder.stdin_fd != NO_FD) {
    const u8 *from = client->frame + FRAME_HEAD_BYTES + client->fed;
    i64 count = syscall(__NR_write, holder.stdin_fd, from, length - client->fed);
    if (would_block(count)) return;
    if (count <= 0) {
      close_stdin();
      break;
    }
    client->fed += (u32)count;
  }
  finish_frame(client);
}

static void feed_all(void) {
  for (EACH_CLIENT(client))
    if (waits_for_container(client)) feed(client);
}

static void resize(const u8 *payload) {
  enum { TIOCSWINSZ = 0x5414 };
  u16 size[4] = {0, 0, 0, 0};
  memcpy(size, payload, 2 * sizeof(u16));
  if (is_terminal()) syscall(__NR_ioctl, holder.terminal_fd, TIOCSWINSZ, size);
}

// The reader at the far end of the primary has closed: the container sees what the writer of a pipe
// sees then, if it can.
static void close_output(const struct client *client, u8 stream) {
  struct output *output = &holder.outputs[stream - STREAM_STDOUT];
  if (client == holder.primary && !is_terminal() && !output->stays) end_output(output);
}

// ---- from the clients ----

static void greet(struct client *client) {
  const u8 *payload = client->frame + FRAME_HEAD_BYTES;
  if (payload[0] < ATTACH_VERSION) return drop(client);
  if ((payload[1] & HELLO_PRIMARY) && holder.primary == 0) holder.primary = client;
  client->supervises = (holder.flags & SUPERVISED) && (payload[1] & HELLO_SUPERVISOR);
  client->settles = (payload[1] & HELLO_SETTLER) && holder.primary != client;
  u8 answer[FRAME_HEAD_BYTES + 4] = {0};
  write_head(answer, FRAME_HELLO, STREAM_NONE, 4);
  answer[4] = ATTACH_VERSION;
  answer[5] = (holder.primary == client ? HELLO_PRIMARY : 0) |
              (is_terminal() ? HELLO_TERMINAL : 0) | (client->settles ? HELLO_SETTLER : 0);
  client->greeted = 1;
  finish_frame(client);
  post(client, answer);
}

static void reopen_log(struct client *client) {
  u8 answer[FRAME_HEAD_BYTES + 4] = {0};
  i64 result = log_reopen();
  write_head(answer, FRAME_LOG_REOPENED, STREAM_NONE, 4);
  answer[4] = (u8)-result;
  finish_frame(client);
  post(client, answer);
}

static int head_is_valid(const struct client *client) {
  const u8 *head = client->frame;
  u32 length = payload_length(head);
  int names_stream = head[1] == STREAM_STDOUT || head[1] == STREAM_STDERR;
  if (head[0] == FRAME_HELLO) return !client->greeted && head[1] == STREAM_NONE && length == 4;
  if (!client->greeted) return 0;
  if (head[0] == FRAME_CLOSE_OUTPUT) return names_stream && length == 0;
  if (head[1] != STREAM_NONE) return 0;
  switch (head[0]) {
    case FRAME_STDIN:
      return length > 0 && length <= FRAME_PAYLOAD_LIMIT;
    case FRAME_CLOSE_STDIN:
    case FRAME_REOPEN_LOG:
      return length == 0;
    case FRAME_SETTLED:
      return length == 0 && client->settles && holder.handed_over;
    case FRAME_RESIZE:
      return length == 4;
    default:
      return 0;
  }
}

static void obey(struct client *client) {
  switch (client->frame[0]) {
    case FRAME_HELLO:
      return greet(client);
    case FRAME_STDIN:
      return feed(client);
    case FRAME_CLOSE_STDIN:
      close_stdin();
      break;
    case FRAME_RESIZE:
      resize(client->frame + FRAME_HEAD_BYTES);
      break;
    case FRAME_CLOSE_OUTPUT:
      close_output(client, client->frame[1]);
      break;
    case FRAME_REOPEN_LOG:
      return reopen_log(client);
    case FRAME_SETTLED:
      holder.settled = 1;
  }
  finish_frame(client);
}

// At most one frame a round, so that no client keeps the others waiting.
static void receive(struct client *client) {
  enum { MSG_DONTWAIT = 0x40 };
  while (!is_whole(client)) {
    u32 size = client->frame_size;
    u32 wanted = FRAME_HEAD_BYTES;
    if (size >= FRAME_HEAD_BYTES) wanted += payload_length(client->frame);
    i64 count = syscall(__NR_recvfrom, client->fd, client->frame + size, wanted - size,
                        MSG_DONTWAIT);
    if (would_block(count)) return;
    if (count <= 0) return drop(client);
    client->frame_size += (u32)count;
    if (client->frame_size == FRAME_HEAD_BYTES && !head_is_valid(client)) return drop(client);
  }
  obey(client);
}

static void attend(struct client *client, u16 happened) {
  if (client->fd != NO_FD && (happened & POLLOUT)) flush(client);
  if (client->fd == NO_FD) return;
  if (happened & POLLIN) return receive(client);
  if (happened & (POLLERR | POLLHUP)) drop(client);
}

static void admit(void) {
  enum { SOCK_CLOEXEC = 02000000 };
  i64 fd = syscall(__NR_accept4, holder.listener_fd, 0, 0, SOCK_CLOEXEC);
  if (fd < 0) return;
  for (EACH_CLIENT(client)) {
    if (client->fd != NO_FD) continue;
    client->fd = (i32)fd;
    return;
  }
  syscall(__NR_close, fd);
}

// ---- the end ----

static i64 write_record(void) {
  if (holder.directory_fd == NO_FD) return 0;
  return write_exit_record(holder.directory_fd, &holder.init, holder.flags & RECORD_IS_BRIEF);
}

static void end_of_init(void) {
  enum { SIGKILL = 9 };
  oom_last_look(now_ms());
  await_exit(holder.pidfd, &holder.init);
  int is_killed = holder.init.how == EXIT_SIGNAL && holder.init.status == SIGKILL;
  holder.init.oom_kills = oom_kills(is_killed);
  holder.ended = 1;
  close_fd(&holder.pidfd);
  holder.record_result = write_record();
  holder.log_waits_until = now_ms() + LINGER_MS;
  for (int i = 0; i < 2; i++) limit_output(&holder.outputs[i]);
  if (is_terminal()) holder.stdin_fd = NO_FD;
  close_stdin();
  feed_all();
}

static void say_exit(void) {
  u8 frame[FRAME_HEAD_BYTES + 4] = {0};
  write_head(frame, FRAME_EXIT, STREAM_NONE, 4);
  frame[4] = holder.init.how;
  frame[5] = holder.init.status;
  for (EACH_CLIENT(client)) {
    if (client->greeted)
      post(client, frame);
    else
      drop(client);
  }
  close_fd(&holder.listener_fd);
  holder.leaving = 1;
  holder.linger_until = now_ms() + LINGER_MS;
}

static int is_slow(const struct client *client) {
  return client != holder.primary && unsent(client) > 0;
}

static int someone_is_slow(void) {
  for (EACH_CLIENT(client))
    if (is_slow(client)) return 1;
  return 0;
}

static void drop_the_slow(void) {
  for (EACH_CLIENT(client))
    if (is_slow(client)) drop(client);
}

static int is_done(void) {
  return holder.leaving && !someone_is_slow() &&
         (holder.primary == 0 || unsent(holder.primary) == 0);
}

// ---- the loop ----

static void look_at(struct poll_entry *entry, i32 fd, u16 events) {
  *entry = (struct poll_entry){fd, events, 0};
}

// A descriptor of which nothing is wanted now stays out of the table: poll reports a hang-up
// whatever it is asked for, and would never wait again.
static void fill_table(struct poll_entry *table) {
  int reads = !holder.ended && output_has_room();
  int feeds = 0;
  for (int i = 0; i < CLIENT_LIMIT; i++) {
    const struct client *client = &holder.clients[i];
    int waits = waits_for_container(client);
    u16 events = (waits ? 0 : POLLIN) | (unsent(client) > 0 ? POLLOUT : 0);
    look_at(&table[AT_CLIENTS + i], client->fd, events);
    feeds |= waits;
  }
  look_at(&table[AT_STDOUT], reads ? holder.outputs[0].fd : NO_FD, POLLIN);
  look_at(&table[AT_STDERR], reads ? holder.outputs[1].fd : NO_FD, POLLIN);
  look_at(&table[AT_STDIN], feeds ? holder.stdin_fd : NO_FD, POLLOUT);
  look_at(&table[AT_INIT], holder.pidfd, POLLIN);
  look_at(&table[AT_OOM], holder.ended ? NO_FD : holder.oom_fd, POLLPRI);
  look_at(&table[AT_LISTENER], holder.listener_fd, POLLIN);
}

// By then a supervisor has come, or another is started.
static i64 supervisor_deadline(void) {
  for (EACH_CLIENT(client))
    if (client->supervises) return NEVER;
  return (holder.flags & SUPERVISED) && !holder.ended ? holder.supervisor_due : NEVER;
}

// When something has to be done though nothing happens, or NEVER.
static i64 next_deadline(void) {
  i64 deadline = supervisor_deadline();
  if (holder.leaving && someone_is_slow()) deadline = holder.linger_until;
  if (log_is_pending() && log_retry_time() < deadline) deadline = log_retry_time();
  if (oom_due() < deadline) deadline = oom_due();
  return deadline;
}

static i64 wait(struct poll_entry *table, u32 places, i64 deadline) {
  if (deadline == NEVER) return syscall(__NR_ppoll, table, places, 0, 0, 8);
  i64 left = deadline - now_ms();
  if (left < 0) left = 0;
  i64 timeout[2] = {left / 1000, left % 1000 * 1000000};
  return syscall(__NR_ppoll, table, places, timeout, 0, 8);
}

static void keep_time(void) {
  i64 now = now_ms();
  if (holder.leaving && now >= holder.linger_until) drop_the_slow();
  if (now >= supervisor_deadline()) holder.supervisor_gone = 1;
  if (now >= oom_due()) holder.oom_fd = oom_look(now);
  if (!log_is_pending()) return;
  if (holder.ended && now >= holder.log_waits_until)
    log_stop_waiting();
  else
    log_retry(now);
}

// Clients before the listener: what happened to the one that left a place is not the next one's.
static void handle(const struct poll_entry *table) {
  if (table[AT_OOM].happened) holder.oom_fd = oom_look(now_ms());
  for (int i = 0; i < 2; i++)
    if (table[AT_STDOUT + i].happened && output_has_room()) pump(&holder.outputs[i]);
  if (table[AT_STDIN].happened) feed_all();
  for (int i = 0; i < CLIENT_LIMIT; i++)
    attend(&holder.clients[i], table[AT_CLIENTS + i].happened);
  if (table[AT_LISTENER].happened) admit();
  if (table[AT_INIT].happened) end_of_init();
}

static int needs_supervisor(void) { return holder.supervisor_gone && !holder.ended; }

static void loop(void) {
  struct poll_entry table[PLACES];
  for (;;) {
    if (holder.ended) drain();
    int drained = holder.outputs[0].fd == NO_FD && holder.outputs[1].fd == NO_FD;
    if (holder.ended && drained && !holder.leaving && output_has_room()) say_exit();
    if (is_done() || needs_supervisor()) return;
    fill_table(table);
    i64 count = wait(table, PLACES, next_deadline());
    if (next_deadline() != NEVER) keep_time();
    if (count > 0) handle(table);
  }
}

// ---- what comes after ----

static struct client *settler(void) {
  for (EACH_CLIENT(client))
    if (client->settles) return client;
  return 0;
}

// All else is over by then. Every descriptor but this client's goes: others hold locks.
static int is_settled_by(struct client *client) {
  enum { FIRST_DESCRIPTOR = 3, LAST_DESCRIPTOR = 0x7fffffff };
  i32 fd = client->fd < FIRST_DESCRIPTOR ? FIRST_DESCRIPTOR - 1 : client->fd;
  u8 frame[FRAME_HEAD_BYTES];
  if (fd > FIRST_DESCRIPTOR) syscall(__NR_close_range, FIRST_DESCRIPTOR, fd - 1, 0);
  syscall(__NR_close_range, fd + 1, LAST_DESCRIPTOR, 0);
  holder.handed_over = 1;
  holder.linger_until = now_ms() + LINGER_MS;
  write_head(frame, FRAME_SETTLE, STREAM_NONE, 0);
  post(client, frame);
  while (client->settles && !holder.settled && now_ms() < holder.linger_until) {
    struct poll_entry entry;
    look_at(&entry, client->fd, POLLIN | (unsent(client) > 0 ? POLLOUT : 0));
    if (wait(&entry, 1, holder.linger_until) > 0) attend(client, entry.happened);
  }
  drop(client);
  return holder.settled;
}

// ---- the start ----

// A terminal that no one has open answers reads with EIO, also when it is only being opened again,
// as systemd does with its console. With this descriptor it is open for as long as init runs.
static i32 open_terminal_peer(void) {
  enum { TIOCGPTPEER = 0x5441, READ_WRITE_NOCTTY_CLOEXEC = 02 | 0400 | 02000000 };
  if (!is_terminal()) return NO_FD;
  i64 fd = syscall(__NR_ioctl, holder.terminal_fd, TIOCGPTPEER, READ_WRITE_NOCTTY_CLOEXEC);
  return is_error(fd) ? NO_FD : (i32)fd;
}

static int is_valid(const struct hold_request *request) {
  int has_pipes = request->stdin_fd >= 0 || request->stdout_fd >= 0 || request->stderr_fd >= 0;
  return request->version == HOLD_VERSION && (request->flags & ~(u32)HOLD_FLAGS) == 0 &&
         request->reserved == 0 && request->pidfd >= 0 &&
         !(has_pipes && request->terminal_fd >= 0) && log_request_is_valid(&request->log);
}

static void take_over(const struct hold_request *request) {
  int on_terminal = request->terminal_fd >= 0;
  holder.init.pid = request->init_pid;
  holder.pidfd = request->pidfd;
  holder.terminal_fd = request->terminal_fd;
  holder.stdin_fd = on_terminal ? request->terminal_fd : request->stdin_fd;
  i32 first_fd = on_terminal ? request->terminal_fd : request->stdout_fd;
  u32 flags = request->flags;
  holder.outputs[0] = (struct output){first_fd, STREAM_STDOUT, flags & STDOUT_STAYS, 0};
  holder.outputs[1] = (struct output){request->stderr_fd, STREAM_STDERR, flags & STDERR_STAYS, 0};
  holder.listener_fd = request->listener_fd;
  holder.directory_fd = request->directory_fd;
  holder.oom_fd = oom_watch((const char *)request->oom_path, now_ms());
  holder.flags = request->flags;
  holder.terminal_peer_fd = open_terminal_peer();
  for (int i = 0; i < CLIENT_LIMIT; i++) {
    holder.clients[i].fd = NO_FD;
    holder.clients[i].frame = frames[i];
    holder.clients[i].unsent = unsent_bytes[i];
  }
  if (request->primary_fd < 0) return;
  holder.primary = &holder.clients[0];
  holder.primary->fd = request->primary_fd;
}

static void begin(const struct hold_request *request) {
  take_over(request);
  if (!(request->flags & RECORD_IS_BRIEF)) reserve_exit_record(request->directory_fd);
  log_start(&request->log);
  make_nonblocking(holder.stdin_fd);
  make_nonblocking(holder.outputs[0].fd);
  make_nonblocking(holder.outputs[1].fd);
  make_nonblocking(holder.listener_fd);
}

i64 hold(const struct hold_request *request) {
  if (!is_valid(request)) return -EINVAL;
  int goes_on = holder.supervisor_gone;
  holder.supervisor_gone = 0;
  if (!goes_on) begin(request);
  holder.supervisor_due = now_ms() + SUPERVISOR_PATIENCE_MS;
  loop();
  if (needs_supervisor()) return HOLD_SUPERVISOR_GONE;
  holder.supervisor_gone = 0;
  int is_settled = (request->flags & PRIMARY_SETTLES) && holder.primary != 0;
  struct client *last = is_settled ? 0 : settler();
  for (EACH_CLIENT(client))
    if (client != last) drop(client);
  log_finish();
  close_fd(&holder.directory_fd);
  close_fd(&holder.terminal_peer_fd);
  close_fd(&holder.terminal_fd);
  if (is_settled || (last != 0 && is_settled_by(last))) return HOLD_SETTLED;
  return holder.record_result;
}
