// What ppoll(2) takes.
#ifndef OCICAT_POLL_H
#define OCICAT_POLL_H

#include "kernel.h"

enum { POLLIN = 1, POLLPRI = 2, POLLOUT = 4, POLLERR = 8, POLLHUP = 16 };

struct poll_entry {
  i32 fd;
  u16 events;
  u16 happened;
};

#endif
