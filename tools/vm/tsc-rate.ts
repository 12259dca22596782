// The rate of this machine's time-stamp counter, which an emulated one has too.
//
// The guest's kernel would measure it against an emulated timer. On a busy host that fails, and the
// kernel then stands still before its first word. No file tells the rate to an ordinary user, and a
// script cannot read the counter: a program of a few lines can.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Refusal } from "./refusal.ts";

/**
 * Reads both clocks at the ends of a pause. Each reading is the closest of many: one that was
 * interrupted between the two clocks lies.
 */
const SOURCE = `
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>
typedef unsigned long long u64;
struct reading { u64 ticks, ns; };
static u64 now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC_RAW, &t);
  return t.tv_sec * 1000000000ull + t.tv_nsec;
}
static struct reading take(void) {
  struct reading best = { 0, 0 };
  u64 closest = ~0ull;
  for (int i = 0; i < 100; i++) {
    u64 before = __rdtsc(), ns = now(), after = __rdtsc();
    if (after - before < closest) {
      closest = after - before;
      best = (struct reading){ before + closest / 2, ns };
    }
  }
  return best;
}
int main(void) {
  struct reading first = take();
  struct timespec pause = { 0, 50000000 };
  nanosleep(&pause, 0);
  struct reading last = take();
  printf("%llu", (last.ticks - first.ticks) * 1000000 / (last.ns - first.ns));
}
`;

/** In kHz. */
export async function measureTscRate(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "ocicat-tsc-"));
  try {
    const program = join(folder, "tsc");
    const compiler = Bun.spawn(["gcc", "-O1", "-x", "c", "-o", program, "-"], {
      stdin: new TextEncoder().encode(SOURCE),
      stderr: "inherit",
    });
    if ((await compiler.exited) !== 0) {
      throw new Refusal("gcc could not compile the measurement of the time-stamp counter");
    }
    const rate = Number(await new Response(Bun.spawn([program]).stdout).text());
    if (!(rate > 0)) {
      throw new Refusal("the time-stamp counter of this machine does not count");
    }
    return rate;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
