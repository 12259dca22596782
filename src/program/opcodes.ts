// The control operations that the stage knows beside raw system calls. This table is their only
// source: tools/generate-opcodes.ts writes native/gen/opcodes.h from it.

/** An op whose code has this bit is a control operation; without it, the code is a system call. */
export const CONTROL_BIT = 0x8000;

export const OPCODES = {
  /** exit(status): ends this process. */
  exit: 0,
  /** fork(clone_args, size): clone3; the child continues with the next op, the parent at the target. */
  fork: 1,
  /** jump: continues at the target. */
  jump: 2,
  /** store(value, destination, size): writes the low 1, 2, 4 or 8 bytes of a value into the data. */
  store: 3,
  /** load(source, size): the value of 1, 2, 4 or 8 bytes of the data. */
  load: 4,
  /** expect(value, mask, wanted, errno): fails with errno unless (value & mask) == wanted. */
  expect: 5,
  /** decimal(value, destination): writes the value as decimal digits and a NUL; the number of digits. */
  decimal: 6,
  /** receive(fd, destination, capacity): one read of at most capacity bytes; the process exits at end of file. */
  receive: 7,
  /** report(kind, value): tells the parent, over the report descriptor. */
  report: 8,
  /** reset_signals(ignored low, ignored high): default actions but for the ignored ones, empty mask. */
  reset_signals: 9,
  /** poll(fd, events, milliseconds): waits for a descriptor; ETIMEDOUT after the deadline. */
  poll: 10,
  /** exit_as(siginfo): ends as the child did that waitid described: its code, or 128 + its signal. */
  exit_as: 11,
  /** hold(request): keeps the container until it ends (native/holder.c). */
  hold: 12,
  /** report_to(fd): from here on reports and failures go to another descriptor. */
  report_to: 13,
  /** bound_capabilities(kept low, kept high, last): drops all others, up to the last, from the bounding set. */
  bound_capabilities: 14,
  /**
   * reap(child): wipes the program's data and can be looked at from then on; hands signals on to the
   * child, reaps whoever else becomes one, and ends as the child does.
   */
  reap: 15,
} as const;

export type ControlName = keyof typeof OPCODES;

/** How an argument's 32 bits become the value that an op receives. */
export const ARGUMENT_TAGS = {
  /** As it is, zero-extended. */
  unsigned: 0,
  /** As it is, sign-extended. */
  signed: 1,
  /** The address of this offset in the data. */
  data: 2,
  /** The content of this register. */
  register: 3,
  /** The 64-bit value at this offset in the data. */
  wide: 4,
} as const;

/** Register number for "the result is not kept". */
export const NO_REGISTER = 255;
export const REGISTER_COUNT = 128;

/** In an op's list of caught errors: any error. */
export const ANY_ERRNO = 255;
export const CAUGHT_ERRNO_LIMIT = 4;

export const OP_BYTES = 36;
export const HEADER_BYTES = 32;
export const PROGRAM_MAGIC = 0x5049_434f; // "OCIP"
export const PROGRAM_VERSION = 1;
/** Largest program that the stage accepts. */
export const PROGRAM_SIZE_LIMIT = 16 * 1024 * 1024;

/** What a record on the report descriptor says; other kinds are the program's own. */
export const REPORT_FAILED = 0;
/** Tests: the runtime kills itself when it reads this; the process that reported waits for that. */
export const REPORT_KILL = 0xffff;
/** A record: kind u32, op index u32, value i64. */
export const REPORT_BYTES = 16;

/** Exit status of a stage process after it has reported a failure. */
export const EXIT_FAILED = 125;
/** Exit status of a stage process whose parent has gone away. */
export const EXIT_ABANDONED = 124;
/** Exit status of a stage that was given a program it cannot run. */
export const EXIT_REFUSED = 123;
