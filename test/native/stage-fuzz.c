// Fuzzes native/stage.c: programs from random ops, and a real program with random changes.
//
//   stage-fuzz SEED RUNS PROGRAM_FILE
//
// System calls answer at random instead of being made; what would write into the program's data does.
// A program lies in memory of exactly its size, so that the sanitizers see every step beside it. It
// may jump in circles, as real ones do where the kernel lets them out, so a run is left after a number
// of ops. Within one op nothing may take long: an alarm ends the process.

#define _GNU_SOURCE

// The stage before the C library, some of whose names it uses for its own.
#define raw_syscall kernel_syscall
#define exit_process kernel_exit_process
#include "../../native/kernel.h"
#undef raw_syscall
#undef exit_process
static i64 raw_syscall(u64 number, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f);
_Noreturn static void exit_process(int status);
#define STAGE_WITHOUT_ENTRY_POINT
#define OCICAT_MEMORY_H  // the C library has these functions
void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memset(void *to, int value, size_t count);
#include "../../native/stage.c"
#undef syscall

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OP_LIMIT = 40, DATA_LIMIT = 400, CALL_LIMIT = 2000, SECONDS = 60 };

static u64 random_state;
static jmp_buf end_of_run;
static u32 calls;
static const u8 *program_end;

static struct {
  unsigned long loaded, refused, calls, exits, left;
} totals;

static u32 random_number(u32 limit) {
  random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
  return (u32)(random_state >> 33) % limit;
}

static int one_in(u32 count) { return random_number(count) == 0; }

// ---- the kernel ----

_Noreturn static void exit_process(int status) {
  (void)status;
  totals.exits++;
  longjmp(end_of_run, 1);
}

static void fill(u8 *to, u64 size) {
  if (to < machine.data || to >= program_end) return;
  // The stage has to have made sure of it: a write beside the program is the sanitizer's.
  for (u64 i = 0; i < size; i++) to[i] = (u8)random_number(256);
}

static i64 raw_syscall(u64 number, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f) {
  (void)a, (void)d, (void)e, (void)f;
  totals.calls++;
  if (++calls > CALL_LIMIT) {
    totals.left++;
    longjmp(end_of_run, 1);
  }
  if (number == __NR_read && machine.ops[machine.pc].code == OP_receive) fill((u8 *)b, c);
  switch (random_number(8)) {
    case 0:
      return -(i64)random_number(ERRNO_LIMIT + 10);
    case 1:
      return -EINTR;
    case 2:
      return (i64)((u64)random_number(1u << 31) << 33 | random_number(1u << 31));
    default:
      return random_number(100);
  }
}

i64 hold(const struct hold_request *request) {
  u32 sum = request->version + request->flags + request->init_pid + (u32)request->pidfd +
            (u32)request->stdin_fd + (u32)request->terminal_fd + request->reserved;
  return raw_syscall(__NR_ppoll, sum, 0, 0, 0, 0, 0);
}

// A jump makes no system call, so ops are counted here too. The compiler calls it for every function.
__attribute__((no_instrument_function)) void __cyg_profile_func_enter(void *function, void *from) {
  (void)from;
  static u32 functions;
  if (calls == 0) functions = 0;
  if (function != (void *)execute) return;
  calls++;
  if (++functions <= CALL_LIMIT) return;
  functions = 0;
  totals.left++;
  longjmp(end_of_run, 1);
}

__attribute__((no_instrument_function)) void __cyg_profile_func_exit(void *function, void *from) {
  (void)function, (void)from;
}

// ---- programs ----

static void make_op(struct op *op, u32 op_count, u32 data_size) {
  *op = (struct op){0};
  op->code = (u16)(one_in(3) ? random_number(SYSCALL_LIMIT + 2)
                             : CONTROL_BIT | random_number(OP_reap + 2 - OP_exit));
  op->target = (u16)random_number(op_count + (one_in(50) ? 2 : 1));
  for (int i = 0; i < CAUGHT_ERRNO_LIMIT; i++)
    if (one_in(3)) op->caught[i] = (u8)random_number(256);
  u32 result = one_in(3) ? NO_REGISTER : random_number(REGISTER_COUNT + (one_in(50) ? 3 : 0));
  op->tags_and_result = result << 24;
  for (int i = 0; i < 6; i++) {
    u32 tag = one_in(2) ? TAG_unsigned : random_number(one_in(60) ? 16 : 5);
    u32 value = random_number(data_size + (one_in(30) ? 20 : 1));
    if (tag == TAG_register) value = random_number(REGISTER_COUNT + (one_in(20) ? 3 : 0));
    if (tag == TAG_wide || one_in(2)) value &= ~7u;
    if (i > 0 && one_in(3)) value = random_number(10);
    if (tag <= TAG_signed && one_in(10)) value = random_number(1u << 31) << 1;
    op->args[i] = value;
    op->tags_and_result |= tag << (4 * i);
  }
}

static u64 make_program(u8 **program) {
  u32 op_count = random_number(OP_LIMIT), relocation_count = random_number(4);
  u32 file_size = random_number(DATA_LIMIT), scratch_size = random_number(DATA_LIMIT);
  u32 data_size = file_size + scratch_size;
  u64 data_at = sizeof(struct header) + op_count * sizeof(struct op) + relocation_count * 4;
  data_at = (data_at + 7) & ~7ull;
  *program = calloc(1, data_at + file_size);
  *(struct header *)*program =
      (struct header){PROGRAM_MAGIC, PROGRAM_VERSION, op_count, relocation_count, file_size,
                      scratch_size, one_in(5) ? random_number(op_count + 1) : ~0u, 0};
  struct op *ops = (struct op *)(*program + sizeof(struct header));
  // Most programs are ones that the stage takes: it says itself which ops it does.
  machine.header = *(const struct header *)*program;
  machine.data_size = data_size;
  int tries = one_in(4) ? 1 : 200;
  for (u32 i = 0; i < op_count; i++)
    for (int try = 0; try < tries; try++) {
      make_op(&ops[i], op_count, data_size);
      if (op_is_valid(&ops[i])) break;
    }
  u32 *relocations = (u32 *)(ops + op_count);
  for (u32 i = 0; i < relocation_count; i++)
    relocations[i] = random_number(data_size + 1) & (one_in(20) ? ~0u : ~7u);
  for (u32 i = 0; i < file_size; i++)
    if (one_in(40)) (*program)[data_at + i] = (u8)random_number(256);
  return data_at + file_size;
}

// Some bytes of it, or its length, become others.
static u64 change_program(u8 **program, u64 size) {
  for (u32 changes = random_number(4); changes > 0 && size > 0; changes--)
    (*program)[random_number((u32)size)] = (u8)random_number(256);
  if (!one_in(8)) return size;
  u64 shorter = random_number((u32)size + 1);
  u8 *exact = malloc(shorter);
  memcpy(exact, *program, shorter);
  free(*program);
  *program = exact;
  return shorter;
}

// As start() maps it: with the scratch behind it, and nothing behind that.
static u8 *place_program(const u8 *content, u64 size, u64 *whole) {
  struct header header = {0};
  if (size >= sizeof header) memcpy(&header, content, sizeof header);
  u64 scratch = header.scratch_size <= PROGRAM_SIZE_LIMIT ? header.scratch_size : 0;
  *whole = size + scratch;
  u8 *program = calloc(1, *whole);
  memcpy(program, content, size);
  return program;
}

static void run_program(const u8 *content, u64 size) {
  u64 whole;
  u8 *volatile program = place_program(content, size, &whole);
  memset(&machine, 0, sizeof machine);
  program_end = program + whole;
  calls = 0;
  if (setjmp(end_of_run) == 0) {
    if (load(program, size)) {
      totals.loaded++;
      run();
    }
    totals.refused++;
  }
  free(program);
}

static u64 read_file(const char *path, u8 **content) {
  FILE *file = fopen(path, "rb");
  if (file == 0) abort();
  *content = malloc(PROGRAM_SIZE_LIMIT);
  u64 size = fread(*content, 1, PROGRAM_SIZE_LIMIT, file);
  fclose(file);
  return size;
}

int main(int argc, char **argv) {
  if (argc != 4) return 99;
  alarm(SECONDS);
  random_state = strtoull(argv[1], 0, 10);
  u8 *real;
  u64 real_size = read_file(argv[3], &real);
  for (int run = 0, runs = atoi(argv[2]); run < runs; run++) {
    u8 *program;
    u64 size = real_size;
    if (one_in(2)) {
      size = make_program(&program);
    } else {
      program = malloc(real_size);
      memcpy(program, real, real_size);
    }
    if (one_in(2)) size = change_program(&program, size);
    run_program(program, size);
    free(program);
  }
  free(real);
  printf("{\"loaded\":%lu,\"refused\":%lu,\"calls\":%lu,\"exits\":%lu,\"left\":%lu}\n",
         totals.loaded, totals.refused, totals.calls, totals.exits, totals.left);
  return 0;
}
