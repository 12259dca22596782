#ifndef H_H
#define H_H
#include "kernel.h"
struct hold_request { u64 x; };
i64 hold(const struct hold_request *r);
#endif
