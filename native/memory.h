// memcpy, memset and memmove: the compiler may call them for assignments of structures. Included by
// exactly one file of each program.
#ifndef OCICAT_MEMORY_H
#define OCICAT_MEMORY_H

#include "kernel.h"

void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memset(void *to, int value, size_t count);
void *memmove(void *to, const void *from, size_t count);

__attribute__((used)) void *memcpy(void *restrict to, const void *restrict from, size_t count) {
  u8 *target = to;
  const u8 *source = from;
  while (count-- > 0) *target++ = *source++;
  return to;
}

__attribute__((used)) void *memset(void *to, int value, size_t count) {
  u8 *target = to;
  while (count-- > 0) *target++ = (u8)value;
  return to;
}

__attribute__((used)) void *memmove(void *to, const void *from, size_t count) {
  u8 *target = to;
  const u8 *source = from;
  if (target < source) return memcpy(to, from, count);
  while (count-- > 0) target[count] = source[count];
  return to;
}

#endif
