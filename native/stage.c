// The stage: executes a program, a list of system calls that TypeScript compiled (src/program). It
// parses no configuration, knows no container and decides no order.
//
//   stage PROGRAM_FD REPORT_FD
//
// The program, little-endian, read into memory of its own, so that ops can write into its data and
// nothing of its file stays:
//
//   +--------+--------------------+--------------------+---------+------+
//   | header | ops, 36 bytes each | relocations, u32   | padding | data | scratch, zeroed
//   +--------+--------------------+--------------------+---------+------+ - - - - - - - -
//
// Every offset is checked before the first op runs. A relocation is the offset of a 64-bit word in
// the data that holds an offset itself and becomes an address.
//
// A failed op that does not catch its error is reported as {REPORT_FAILED, op index, errno}, and
// the process exits: nothing else is ever said about a failure here. The text is TypeScript's.

#include "gen/opcodes.h"
#include "holder.h"
#include "kernel.h"
#include "memory.h"

#include <linux/errno.h>

struct header {
  u32 magic;
  u32 version;
  u32 op_count;
  u32 relocation_count;
  u32 data_size;
  u32 scratch_size;  // zeroed room behind the data, which the program's file does not have
  u32 kill_at_op;    // tests: before this op, the runtime is made to kill itself
  u32 reserved;
};

struct op {
  u16 code;
  u16 target;
  u8 caught[CAUGHT_ERRNO_LIMIT];
  u32 tags_and_result;  // four bits for each argument's tag, then the result's register
  u32 args[6];
};

_Static_assert(sizeof(struct header) == HEADER_BYTES, "header as in src/program/opcodes.ts");
_Static_assert(sizeof(struct op) == OP_BYTES, "op as in src/program/opcodes.ts");

enum { SYSCALL_LIMIT = 1024, PAGE = 4096, RIGHT = 1, WRONG = 0 };

static struct {
  struct header header;
  const struct op *ops;
  u8 *data;
  u64 data_size;
  u64 registers[REGISTER_COUNT];
  i32 report_fd;
  u32 pc;
} machine;

static u64 whole_pages(u64 size) { return (size + PAGE - 1) & ~(u64)(PAGE - 1); }

// ---- reports ----

static void report(u32 kind, i64 value) {
  struct {
    u32 kind;
    u32 op;
    i64 value;
  } record = {kind, machine.pc, value};
  enum { MSG_NOSIGNAL = 0x4000 };
  syscall(__NR_sendto, machine.report_fd, &record, sizeof record, MSG_NOSIGNAL);
}

_Noreturn static void fail(i64 error) {
  report(REPORT_FAILED, -error);
  exit_process(EXIT_FAILED);
}

// ---- loading: every bound is checked here, once ----

static int fits(u64 offset, u64 size) {
  return offset <= machine.data_size && size <= machine.data_size - offset;
}

static u32 tag_of(const struct op *op, int position) {
  return op->tags_and_result >> (4 * position) & 15;
}

static u32 result_register(const struct op *op) { return op->tags_and_result >> 24; }

static int argument_is_valid(const struct op *op, int position) {
  u32 value = op->args[position];
  switch (tag_of(op, position)) {
    case TAG_unsigned:
    case TAG_signed:
      return RIGHT;
    case TAG_data:
      return fits(value, 0);
    case TAG_register:
      return value < REGISTER_COUNT;
    case TAG_wide:
      return value % 8 == 0 && fits(value, 8);
    default:
      return WRONG;
  }
}

// Ops that write to or read from the data by offset name it as a plain number with the size behind
// it, so that both can be checked before the start.
static int range_is_valid(const struct op *op, int position, u64 size) {
  return tag_of(op, position) == TAG_unsigned && fits(op->args[position], size);
}

static int control_is_valid(const struct op *op) {
  enum { DIGITS = 21, SIGINFO = 128 };
  u32 size = op->args[2];
  switch (op->code) {
    case OP_store:
      return tag_of(op, 2) == TAG_unsigned && size <= 8 && range_is_valid(op, 1, size);
    case OP_load:
      return tag_of(op, 1) == TAG_unsigned && op->args[1] <= 8 &&
             range_is_valid(op, 0, op->args[1]);
    case OP_decimal:
      return range_is_valid(op, 1, DIGITS);
    case OP_receive:
      return tag_of(op, 2) == TAG_unsigned && size > 0 && range_is_valid(op, 1, size);
    case OP_exit_as:
      return op->args[0] % 4 == 0 && range_is_valid(op, 0, SIGINFO);
    case OP_hold:
      return op->args[0] % 8 == 0 && range_is_valid(op, 0, sizeof(struct hold_request));
    default:
      return op->code <= OP_reap;
  }
}

static int op_is_valid(const struct op *op) {
  u32 result = result_register(op);
  if (result != NO_REGISTER && result >= REGISTER_COUNT) return WRONG;
  if (op->target > machine.header.op_count) return WRONG;
  for (int i = 0; i < 6; i++)
    if (!argument_is_valid(op, i)) return WRONG;
  return op->code & CONTROL_BIT ? control_is_valid(op) : op->code < SYSCALL_LIMIT;
}

static int relocate(const u32 *offsets, u32 count) {
  for (u32 i = 0; i < count; i++) {
    if (offsets[i] % 8 != 0 || !fits(offsets[i], 8)) return WRONG;
    u64 *word = (u64 *)(machine.data + offsets[i]);
    if (*word > machine.data_size) return WRONG;
    *word += (u64)machine.data;
  }
  return RIGHT;
}

// Takes the program apart; WRONG if it is not a program. `size` is at most PROGRAM_SIZE_LIMIT.
static int load(u8 *program, u64 size) {
  const struct header *header = (const struct header *)program;
  if (size < sizeof *header) return WRONG;
  if (header->magic != PROGRAM_MAGIC || header->version != PROGRAM_VERSION) return WRONG;
  u64 relocations_at = sizeof *header + (u64)header->op_count * sizeof(struct op);
  u64 relocations_end = relocations_at + (u64)header->relocation_count * sizeof(u32);
  u64 data_at = (relocations_end + 7) & ~7ull;
  if (data_at > size || header->data_size != size - data_at) return WRONG;
  if (header->scratch_size > PROGRAM_SIZE_LIMIT) return WRONG;
  machine.header = *header;
  machine.ops = (const struct op *)(program + sizeof *header);
  machine.data = program + data_at;
  machine.data_size = (u64)header->data_size + header->scratch_size;
  for (u32 i = 0; i < header->op_count; i++)
    if (!op_is_valid(&machine.ops[i])) return WRONG;
  return relocate((const u32 *)(program + relocations_at), header->relocation_count);
}

// ---- the control operations ----

static i64 do_fork(const u64 *args) {
  return syscall(__NR_clone3, args[0], args[1]);
}

static i64 do_store(const u64 *args) {
  memcpy(machine.data + args[1], &args[0], args[2]);
  return 0;
}

static i64 do_load(const u64 *args) {
  u64 value = 0;
  memcpy(&value, machine.data + args[0], args[1]);
  return (i64)value;
}

static i64 do_expect(const u64 *args) {
  return (args[0] & args[1]) == args[2] ? 0 : (i64)(0 - args[3]);
}

static i64 do_decimal(const u64 *args) {
  u8 *target = machine.data + args[1];
  u64 value = args[0];
  int length = 1;
  for (u64 rest = value; rest >= 10; rest /= 10) length++;
  target[length] = 0;
  for (int i = length - 1; i >= 0; i--) {
    target[i] = (u8)('0' + value % 10);
    value /= 10;
  }
  return length;
}

static i64 do_receive(const u64 *args) {
  i64 count;
  do count = syscall(__NR_read, args[0], machine.data + args[1], args[2]);
  while (count == -EINTR);
  if (count == 0 || count == -ECONNRESET) exit_process(EXIT_ABANDONED);
  return count;
}

static i64 do_reset_signals(const u64 *args) {
  enum { SIGNALS = 64, SIG_IGN = 1, SIG_SETMASK = 2, MASK_BYTES = 8 };
  u64 ignored = args[0] | args[1] << 32;
  for (int signal = 1; signal <= SIGNALS; signal++) {
    u64 action[4] = {ignored >> (signal - 1) & 1 ? SIG_IGN : 0};
    syscall(__NR_rt_sigaction, signal, action, 0, MASK_BYTES);
  }
  u64 empty = 0;
  return syscall(__NR_rt_sigprocmask, SIG_SETMASK, &empty, 0, MASK_BYTES);
}

static i64 do_bound_capabilities(const u64 *args) {
  enum { PR_CAPBSET_DROP = 24, MOST = 63 };
  u64 kept = args[0] | args[1] << 32;
  for (u64 capability = 0; capability <= args[2] && capability <= MOST; capability++) {
    if (kept >> capability & 1) continue;
    i64 result = syscall(__NR_prctl, PR_CAPBSET_DROP, capability);
    if (is_error(result)) return result;
  }
  return 0;
}

static i64 do_poll(const u64 *args) {
  struct {
    i32 fd;
    u16 events;
    u16 happened;
  } entry = {(i32)args[0], (u16)args[1], 0};
  i64 timeout[2] = {(i64)(args[2] / 1000), (i64)(args[2] % 1000 * 1000000)};
  i64 count;
  do count = syscall(__NR_ppoll, &entry, 1, timeout, 0, 8);  // the kernel updates the timeout
  while (count == -EINTR);
  if (count == 0) return -ETIMEDOUT;
  return count < 0 ? count : entry.happened;
}

_Noreturn static void do_exit_as(const u64 *args) {
  enum { CODE = 2, STATUS = 6, CLD_EXITED = 1 };
  const i32 *siginfo = (const i32 *)(machine.data + args[0]);
  int exited = siginfo[CODE] == CLD_EXITED;
  exit_process(exited ? siginfo[STATUS] : 128 + siginfo[STATUS]);
}

// Gives back the pages of ops that are not executed again: those before this one and before every
// target of the ops from there on.
static void forget_executed(void) {
  enum { MADV_DONTNEED = 4 };
  u32 first = machine.pc;
  for (u32 i = machine.header.op_count; i-- > first;)
    if (machine.ops[i].target < first) first = machine.ops[i].target;
  u64 begin = whole_pages((u64)machine.ops);
  u64 end = (u64)&machine.ops[first] & ~(u64)(PAGE - 1);
  if (end > begin) syscall(__NR_madvise, begin, end - begin, MADV_DONTNEED);
}

// A holder is there for as long as its container: what it needs no more takes no memory.
static i64 do_hold(const u64 *args) {
  forget_executed();
  return hold((const struct hold_request *)(machine.data + args[0]));
}

// As init of a container. All signals are blocked by then. What the program said, also of the host,
// is nothing that the container should find in its memory: that can be looked at, as after an
// execve, only when it is wiped.
_Noreturn static void do_reap(const u64 *args) {
  enum { PR_SET_DUMPABLE = 4, SIGCHLD = 17, WNOHANG = 1, SIGNAL = 0x7f, SET_BYTES = 8 };
  i64 child = (i64)args[0];
  u64 every = ~0ull;
  memset(machine.data, 0, machine.data_size);
  syscall(__NR_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
  for (;;) {
    i64 signal = syscall(__NR_rt_sigtimedwait, &every, 0, 0, SET_BYTES);
    if (signal > 0 && signal != SIGCHLD) syscall(__NR_kill, child, signal);
    i32 status = 0;
    i64 ended;
    while ((ended = syscall(__NR_wait4, -1, &status, WNOHANG, 0)) > 0)
      if (ended == child) exit_process(status & SIGNAL ? 128 + (status & SIGNAL) : status >> 8);
  }
}

static i64 control(u16 code, const u64 *args) {
  switch (code) {
    case OP_exit:
      exit_process((int)args[0]);
    case OP_fork:
      return do_fork(args);
    case OP_jump:
      return 1;
    case OP_store:
      return do_store(args);
    case OP_load:
      return do_load(args);
    case OP_expect:
      return do_expect(args);
    case OP_decimal:
      return do_decimal(args);
    case OP_receive:
      return do_receive(args);
    case OP_report:
      report((u32)args[0], (i64)args[1]);
      return 0;
    case OP_reset_signals:
      return do_reset_signals(args);
    case OP_poll:
      return do_poll(args);
    case OP_exit_as:
      do_exit_as(args);
    case OP_hold:
      return do_hold(args);
    case OP_report_to:
      machine.report_fd = (i32)args[0];
      return 0;
    case OP_bound_capabilities:
      return do_bound_capabilities(args);
    case OP_reap:
      do_reap(args);
    default:
      return -ENOSYS;
  }
}

// ---- the loop ----

static u64 argument(const struct op *op, int position) {
  u32 value = op->args[position];
  switch (tag_of(op, position)) {
    case TAG_signed:
      return (u64)(i64)(i32)value;
    case TAG_data:
      return (u64)(machine.data + value);
    case TAG_register:
      return machine.registers[value];
    case TAG_wide:
      return *(const u64 *)(machine.data + value);
    default:
      return value;
  }
}

// openat2 gives EAGAIN for a path with ".." when anything was renamed or mounted meanwhile.
static int must_repeat(u16 code, i64 result, int tries) {
  enum { MOST_TRIES = 100000 };
  return result == -EINTR || (result == -EAGAIN && code == __NR_openat2 && tries < MOST_TRIES);
}

static i64 execute(const struct op *op) {
  u64 args[6];
  for (int i = 0; i < 6; i++) args[i] = argument(op, i);
  if (op->code & CONTROL_BIT) return control(op->code, args);
  i64 result;
  int tries = 0;
  do result = syscall(op->code, args[0], args[1], args[2], args[3], args[4], args[5]);
  while (must_repeat(op->code, result, ++tries));
  return result;
}

static int catches(const struct op *op, i64 error) {
  for (int i = 0; i < CAUGHT_ERRNO_LIMIT; i++)
    if (op->caught[i] == ANY_ERRNO || (op->caught[i] != 0 && op->caught[i] == -error)) return RIGHT;
  return WRONG;
}

static int jumps(const struct op *op, i64 result) {
  if (is_error(result)) return RIGHT;
  return (op->code == OP_fork || op->code == OP_jump) && result > 0;
}

// By a report and not by kill(2): init knows no pid outside of its pid namespace. Goes on when the
// runtime's end of the socket has closed; where reports go nowhere any more, at once.
static void kill_for_test(void) {
  if (machine.pc != machine.header.kill_at_op) return;
  report(REPORT_KILL, 0);
  struct {
    i32 fd;
    u32 events;
  } hang_up = {machine.report_fd, 0};
  while (syscall(__NR_ppoll, &hang_up, 1, 0, 0, 8) == -EINTR);
}

_Noreturn static void run(void) {
  while (machine.pc < machine.header.op_count) {
    const struct op *op = &machine.ops[machine.pc];
    kill_for_test();
    i64 result = execute(op);
    if (is_error(result) && !catches(op, result)) fail(result);
    u32 target = result_register(op);
    if (target != NO_REGISTER) machine.registers[target] = (u64)result;
    machine.pc = jumps(op, result) ? op->target : machine.pc + 1;
  }
  exit_process(0);
}

// ---- the start ----

static i32 parse_number(const char *text) {
  i32 number = 0;
  for (; *text >= '0' && *text <= '9' && number < 100000000; text++)
    number = number * 10 + (*text - '0');
  return number;
}

// The program, then zeroed scratch, then a page that stays unmapped, so that a too long write
// cannot reach further.
static u8 *read_program(i32 fd, u64 size, u64 scratch) {
  enum { PROT_NONE = 0, READ_WRITE = 3, PRIVATE = 2, ANONYMOUS = 32 };
  u64 whole = whole_pages(size + scratch);
  i64 area = syscall(__NR_mmap, 0, whole + PAGE, READ_WRITE, PRIVATE | ANONYMOUS, -1, 0);
  if (is_error(area)) return 0;
  syscall(__NR_mprotect, area + (i64)whole, PAGE, PROT_NONE);
  return syscall(__NR_pread64, fd, area, size, 0) == (i64)size ? (u8 *)area : 0;
}

__attribute__((used)) _Noreturn void start(const u64 *stack) {
  enum { SEEK_END = 2, ARGUMENTS = 3 };
  char *const *argv = (char *const *)(stack + 1);
  if (stack[0] != ARGUMENTS) exit_process(EXIT_REFUSED);
  i32 program_fd = parse_number(argv[1]);
  machine.report_fd = parse_number(argv[2]);
  machine.registers[0] = (u64)machine.report_fd;
  i64 size = syscall(__NR_lseek, program_fd, 0, SEEK_END);
  if (size <= 0 || size > PROGRAM_SIZE_LIMIT) exit_process(EXIT_REFUSED);
  struct header header = {0};
  syscall(__NR_pread64, program_fd, &header, sizeof header, 0);
  if (header.scratch_size > PROGRAM_SIZE_LIMIT) exit_process(EXIT_REFUSED);
  u8 *program = read_program(program_fd, (u64)size, header.scratch_size);
  if (program == 0 || !load(program, (u64)size)) exit_process(EXIT_REFUSED);
  syscall(__NR_close, program_fd);
  run();
}

#ifndef STAGE_WITHOUT_ENTRY_POINT
ENTRY_POINT;
#endif
