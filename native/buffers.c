#include "buffers.h"

u8 output_frame[FRAME_BYTES];
u8 batch[BATCH_BYTES];
u8 frames[CLIENT_LIMIT][FRAME_BYTES];
u8 unsent_bytes[CLIENT_LIMIT][UNSENT_LIMIT];
