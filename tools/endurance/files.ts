// The files of the lane, and how much they are to do in it.

/** What the files read: see test/hostile/kills.ts. */
export const NUMBERS = {
  OCICAT_TEST_KILLS: "300",
  OCICAT_TEST_IMAGE_KILLS: "200",
  OCICAT_TEST_CONTAINERS: "1000",
  OCICAT_TEST_OP_STEP: "1",
};

/** The longest first, so that none of them is left alone in the end. */
export const FILES = [
  "test/hostile/containers-crash.test.ts",
  "test/hostile/supervisor-crash.test.ts",
  "test/hostile/containers-many.test.ts",
  "test/hostile/crash.test.ts",
  "test/hostile/archive-crash.test.ts",
  "test/hostile/pull-crash.test.ts",
  "test/hostile/store-crash.test.ts",
  "test/hostile/bring-in-crash.test.ts",
  "test/hostile/pods-crash.test.ts",
  "test/hostile/execs-crash.test.ts",
  "test/hostile/events-crash.test.ts",
];
