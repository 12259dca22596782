// SHA-256 (FIPS 180-4) of what is in memory.
#ifndef OCICAT_SHA256_H
#define OCICAT_SHA256_H

#include "kernel.h"

enum { SHA256_BYTES = 32 };

void sha256(const u8 *content, size_t length, u8 digest[SHA256_BYTES]);

#endif
