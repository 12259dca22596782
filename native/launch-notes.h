// What the launcher found and Bun is going to change, as text: see src/sys/launch-notes.ts.
//   OCICAT_LAUNCH=v2;nofile=SOFT:HARD;closed=0,2;fds=3,4,more;cwd=kept
#ifndef OCICAT_LAUNCH_NOTES_H
#define OCICAT_LAUNCH_NOTES_H

#include "kernel.h"

// The variable. Opens what of the descriptors 0 to 2 is closed, leaves a deleted directory, and no
// longer ignores SIGCHLD.
char *take_notes(void);

// `text` may be followed by a number.
void note(const char *text);
void note_number(const char *before, u64 value, u32 base);

// Begins anew, and writes what is noted then to standard error.
void begin_notes(void);
void show_notes(void);

#endif
