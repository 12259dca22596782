// Reading the program through before its first execution since it was last on the disk alone.
//
// An execution that finds nothing cached faults the program in piece by piece, and single pages are
// what the kernel then keeps: each later start takes 2 ms more, for as long as they stay.
// Read in one go it is cached in large pieces, and no more of it comes from the disk: readahead
// brings in nine tenths of it anyway.
#ifndef OCICAT_PAGE_CACHE_H
#define OCICAT_PAGE_CACHE_H

#include "kernel.h"

// Whatever is in the way of it, an execution tells of.
void read_through_unless_cached(const char *path);

#endif
