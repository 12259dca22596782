// The holder's buffers (native/holder.c, log.c), behind all else that the program writes to: what
// every holder touches shares a page, and pages of buffers that nobody needs are never touched. So
// buffers.c comes last when the program is linked.
#ifndef OCICAT_BUFFERS_H
#define OCICAT_BUFFERS_H

#include "holder.h"

enum {
  CLIENT_LIMIT = 8,
  FRAME_BYTES = FRAME_HEAD_BYTES + FRAME_PAYLOAD_LIMIT,
  UNSENT_LIMIT = 2 * FRAME_BYTES,
  BATCH_BYTES = 2 * LOG_WRITE_LIMIT,
};

extern u8 output_frame[FRAME_BYTES];
extern u8 batch[BATCH_BYTES];  // of the log
extern u8 frames[CLIENT_LIMIT][FRAME_BYTES];
extern u8 unsent_bytes[CLIENT_LIMIT][UNSENT_LIMIT];

#endif
