// What an attached client does most, without the JavaScript engine: keys go to the container's
// holder, and output that the terminal has room for goes there. Whoever types waits for it. Seen
// from TypeScript in src/holder/relay.ts; the frames are those of holder.h.
#ifndef OCICAT_RELAY_H
#define OCICAT_RELAY_H

#include "kernel.h"

struct relay {
  i32 signals_fd;  // readable: there is something else to do
  i32 input_fd;    // -1: none
  i32 socket_fd;
  i32 output_fd;
  u32 input_limit;  // of one read
  i32 detach_key;   // the first of them, or -1
  u32 write_limit;  // an output that is ready has room for as much
  u32 room;         // of `received`
  u64 input_frame;  // address: a head, and what is read behind it
  u64 received;     // address
  u32 start;        // from here to `end` `received` has what was not written
  u32 end;
  i32 typed;  // RELAY_TYPED: what the read returned
  u32 sent;   // how much of its frame has been sent
};

enum { RELAY_BYTES = 64, RELAY_EVENT = 0, RELAY_TYPED = 1, RELAY_RECEIVED = 2 };

_Static_assert(sizeof(struct relay) == RELAY_BYTES, "as in relay.ts");

// Waits and carries until there is something that it does not do: RELAY_EVENT, a descriptor is
// ready for it; RELAY_TYPED, input has been read; RELAY_RECEIVED, frames have. Called with nothing
// unsent and nothing unwritten.
i64 relay(struct relay *relay);

#endif
