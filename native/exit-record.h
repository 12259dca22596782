// How a container's init ended: learned from the kernel, and written as exit.json, which is drawn
// in src/holder/exit-record.ts.
#ifndef OCICAT_EXIT_RECORD_H
#define OCICAT_EXIT_RECORD_H

#include "kernel.h"

enum exit_how { EXIT_CODE = 0, EXIT_SIGNAL = 1, EXIT_UNKNOWN = 2 };

struct exit_record {
  u32 pid;  // as this process sees it
  u8 how;
  u8 status;  // the code or the signal
  u32 oom_kills;
};

// Waits for the end of the process behind `pidfd`, and says how it came. It need not be a child of
// this one: then the kernel has to know (Linux 6.15), or it is EXIT_UNKNOWN.
void await_exit(i32 pidfd, struct exit_record *record);

// Room for it on the disk, so that the record can be written when there is none left.
void reserve_exit_record(i32 directory_fd);

// As exit.json of the directory. Readers see none or the whole of it, after a power cut too, unless
// it is brief. Returns 0 or -errno.
i64 write_exit_record(i32 directory_fd, const struct exit_record *record, int is_brief);

#endif
