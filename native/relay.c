#include "relay.h"
#include "holder.h"
#include "poll.h"

#include <linux/errno.h>

enum { MSG_DONTWAIT = 0x40, MSG_NOSIGNAL = 0x4000 };

static int has_key(const u8 *typed, i64 count, i32 key) {
  for (i64 i = 0; i < count; i++)
    if (typed[i] == key) return 1;
  return 0;
}

// Whether it has been sent as a whole.
static int take_input(struct relay *relay) {
  u8 *frame = (u8 *)relay->input_frame;
  i64 count = syscall(__NR_read, relay->input_fd, frame + FRAME_HEAD_BYTES, relay->input_limit);
  relay->typed = (i32)count;
  relay->sent = 0;
  if (count == -EINTR) return 1;
  if (count <= 0 || has_key(frame + FRAME_HEAD_BYTES, count, relay->detach_key)) return 0;
  frame[0] = FRAME_STDIN;
  frame[1] = STREAM_NONE;
  frame[2] = count & 255;
  frame[3] = (u8)(count >> 8);
  i64 size = FRAME_HEAD_BYTES + count;
  i64 sent = syscall(__NR_sendto, relay->socket_fd, frame, size, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent > 0) relay->sent = (u32)sent;
  return sent == size;
}

static int has_room(i32 fd) {
  struct poll_entry output = {fd, POLLOUT, 0};
  i64 now[2] = {0, 0};
  return syscall(__NR_ppoll, &output, 1, now, 0, 8) == 1 && output.happened == POLLOUT;
}

// As drawn, and whole.
static int is_output(const u8 *frame, u32 size) {
  if (size < FRAME_HEAD_BYTES || frame[0] != FRAME_OUTPUT || frame[1] != STREAM_STDOUT) return 0;
  u32 length = payload_length(frame);
  return length > 0 && length <= FRAME_PAYLOAD_LIMIT && size >= FRAME_HEAD_BYTES + length;
}

// Writes what there is room for, and makes a frame of the rest, in its place.
static int write_output(struct relay *relay) {
  u8 *frame = (u8 *)relay->received + relay->start;
  u32 length = payload_length(frame);
  u32 most = length < relay->write_limit ? length : relay->write_limit;
  if (!has_room(relay->output_fd)) return 0;
  i64 count = syscall(__NR_write, relay->output_fd, frame + FRAME_HEAD_BYTES, most);
  if (count <= 0) return 0;
  relay->start += (u32)count;
  u32 rest = length - (u32)count;
  frame += count;
  frame[0] = FRAME_OUTPUT;
  frame[1] = STREAM_STDOUT;
  frame[2] = rest & 255;
  frame[3] = (u8)(rest >> 8);
  if (rest == 0) relay->start += FRAME_HEAD_BYTES;
  return 1;
}

// Whether all that has come is written.
static int take_output(struct relay *relay, i64 count) {
  relay->start = 0;
  relay->end = (u32)count;
  while (is_output((u8 *)relay->received + relay->start, relay->end - relay->start))
    if (!write_output(relay)) return 0;
  return relay->start == relay->end;
}

i64 relay(struct relay *relay) {
  for (;;) {
    struct poll_entry table[] = {{relay->signals_fd, POLLIN, 0},
                                 {relay->input_fd, POLLIN, 0},
                                 {relay->socket_fd, POLLIN, 0}};
    i64 ready = syscall(__NR_ppoll, table, 3, 0, 0, 8);
    if (ready == -EINTR) continue;
    if (ready < 0 || table[0].happened) return RELAY_EVENT;
    if (table[1].happened && !take_input(relay)) return RELAY_TYPED;
    if (!table[2].happened) continue;
    i64 count =
        syscall(__NR_recvfrom, relay->socket_fd, relay->received, relay->room, MSG_DONTWAIT);
    if (count == -EAGAIN || count == -EINTR) continue;
    if (count <= 0) return RELAY_EVENT;
    if (!take_output(relay, count)) return RELAY_RECEIVED;
  }
}
